import DiscoveryKit
import Foundation

/// The lines of a file, or of standard input, as they come: what one read brings is one batch.
struct InputLines {
    /// Longer than any message: no line goes on for ever.
    private static let longest = 4 << 20

    private let handle: FileHandle
    private var rest: [UInt8] = []
    private var isOver = false

    init(_ handle: FileHandle) { self.handle = handle }

    /// The next lines, without their ends; `nil` at the end of the input.
    ///
    /// - Throws: `.tooLarge` for a line that is no message.
    mutating func next() async throws -> [[UInt8]]? {
        while !isOver {
            let chunk = try await Self.read(handle.fileDescriptor)
            isOver = chunk.isEmpty
            rest += chunk
            var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) }
            rest = lines.popLast() ?? []
            if isOver, !rest.isEmpty { lines.append(rest) }
            guard rest.count <= Self.longest else {
                throw DiscoveryError(.tooLarge, "A line of the input is longer than \(Self.longest) bytes. Is it lines?")
            }
            if !lines.isEmpty { return lines }
        }
        return nil
    }

    private static func read(_ descriptor: Int32) async throws -> [UInt8] {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                var count = 0
                let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, filled in
                    repeat { count = Foundation.read(descriptor, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
                    filled = max(0, count)
                }
                if count >= 0 {
                    continuation.resume(returning: bytes)
                } else {
                    continuation.resume(
                        throwing: DiscoveryError(.coding, "The input cannot be read: \(String(cString: strerror(errno)))."))
                }
            }
        }
    }
}
