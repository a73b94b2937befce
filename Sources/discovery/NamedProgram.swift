import DiscoveryKit
import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// A program that a command line names after `--`, with its arguments.
struct NamedProgram: Sendable {
    let executable: Executable
    let arguments: Arguments

    /// - Throws: `.configuration` when there is no such program.
    init(_ command: [String]) async throws(DiscoveryError) {
        let name = command[0]
        executable = name.contains("/") ? .path(FilePath(name)) : .name(name)
        arguments = Arguments(Array(command.dropFirst()))
        do {
            _ = try await executable.resolveExecutablePath(in: .inherit)
        } catch {
            throw DiscoveryError(.configuration, "There is no program `\(name)`. Name one that is on PATH, or by its path.", cause: error)
        }
    }

    /// In a process group of its own, so that a terminal's Control-C ends us, and we end it.
    static var options: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(1))]
        return options
    }
}

/// A file without a name, for a program to read from or write to. Not a pipe: a program may end without reading its input, and whoever writes
/// to it then fails; and a process that it leaves behind would keep a pipe from ending.
struct UnnamedFile: Sendable {
    let descriptor: FileDescriptor

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(holding bytes: [UInt8] = []) async throws {
        descriptor = try await Self.onThread {
            var path = Array((NSTemporaryDirectory() + "discovery-body-XXXXXX").utf8CString)
            let descriptor = mkstemp(&path)
            guard descriptor >= 0 else {
                throw Failure(description: "No temporary file can be made: \(String(cString: strerror(errno))).")
            }
            unlink(path)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let file = FileDescriptor(rawValue: descriptor)
            do {
                try file.writeAll(bytes)
                try file.seek(offset: 0, from: .start)
            } catch {
                try? file.close()
                throw Failure(description: "The body cannot be kept in a temporary file: \(error).")
            }
            return file
        }
    }

    /// Copies what is in it to standard error, closes it, and returns its end.
    func passOn(_ length: Int) async -> String {
        let end = try? await Self.onThread { [descriptor] in
            defer { try? descriptor.close() }
            var end: [UInt8] = []
            var offset: Int64 = 0
            while true {
                let chunk = try [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
                    count = try descriptor.read(fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(buffer))
                }
                if chunk.isEmpty { return String(decoding: end, as: UTF8.self) }
                offset += Int64(chunk.count)
                end = Array((end + chunk).suffix(length))
                try FileDescriptor.standardError.writeAll(chunk)
            }
        }
        return (end ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
        }
    }
}
