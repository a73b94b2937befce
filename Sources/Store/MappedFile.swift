internal import Foundation
internal import Synchronization

/// A small file of 64-bit words that all processes of a home have mapped.
final class MappedFile: Sendable {
    let descriptor: Int32
    let path: String
    // Written once in the initialiser; what it points to is only touched through `Atomic`.
    private nonisolated(unsafe) let words: UnsafeMutablePointer<Atomic<UInt64>>
    private let size: Int

    /// Opens the file and maps `size` bytes of it. The file is given its blocks, never sparse: a full disk is met here and not as a SIGBUS later.
    init(path: String, size: Int) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o660)
        guard descriptor >= 0 else { throw .system("open", path, errno: errno) }
        var failure: StoreError?
        var status = stat()
        if fstat(descriptor, &status) != 0 {
            failure = .system("fstat", path, errno: errno)
        } else if status.st_size < size {
            // Not by writing zeros: another process that opens at the same moment may have stored something already.
            #if canImport(Darwin)
                let code = ftruncate(descriptor, off_t(size)) == 0 ? 0 : errno
            #else
                let code = posix_fallocate(descriptor, 0, off_t(size))
            #endif
            if code != 0 { failure = .system("posix_fallocate", path, errno: code) }
        }
        var address = UnsafeMutableRawPointer(bitPattern: -1)
        if failure == nil {
            address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
            if address == UnsafeMutableRawPointer(bitPattern: -1) { failure = .system("mmap", path, errno: errno) }
        }
        guard failure == nil, let address else {
            close(descriptor)
            throw failure ?? .system("mmap", path, errno: EINVAL)
        }
        self.descriptor = descriptor
        self.path = path
        self.size = size
        words = address.bindMemory(to: Atomic<UInt64>.self, capacity: size / 8)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(words), size)
        close(descriptor)
    }

    /// The address of word `index`, valid as long as this object is.
    func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        precondition(index >= 0 && index < size / 8)
        return words + index
    }
}
