import Foundation
import Testing

/// Whether this process may mount file systems.
let canMount: Bool = {
    guard getuid() == 0,
        let folder = try? FileManager.default.url(
            for: .itemReplacementDirectory, in: .userDomainMask, appropriateFor: URL(filePath: "/tmp"), create: true)
    else { return false }
    defer { try? FileManager.default.removeItem(at: folder) }
    guard (try? run("mount", "-t", "tmpfs", "-o", "size=1m", "discovery-tests", folder.path)) == 0 else { return false }
    return (try? run("umount", folder.path)) == 0
}()

/// Runs a test on a file system of its own, small enough to be filled.
func withSmallDisk(megabytes: Int, _ body: (String) async throws -> Void) async throws {
    try await withFolder { path in
        try #require(run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "discovery-tests", path) == 0)
        let result: Result<Void, any Error>
        do { result = .success(try await body(path)) } catch { result = .failure(error) }
        #expect(try run("umount", "-l", path) == 0)
        try result.get()
    }
}

/// Writes a file until nothing more goes onto its disk.
func fill(_ path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(descriptor) }
    for size in [1 << 20, 4096, 1] {
        let zeros = [UInt8](repeating: 0, count: size)
        lseek(descriptor, 0, SEEK_END)
        while write(descriptor, zeros, size) == size {}
    }
}
