internal import Foundation

extension Override {
    /// The most bytes a file of overrides may have: 1 MiB.
    public static let maximumFileSize = 1 << 20

    /// Reads a file: a JSON list of overrides, of which the first that means an address counts. Those that are expired are read, too. Blocks
    /// for the disk.
    ///
    /// - Parameter path: absolute, or relative to the working directory.
    /// - Throws: `.configuration`, with the path and what to do: for a file that is not there, not readable, too large or not JSON; for an
    ///   entry with an unknown key, a value of a wrong type or out of range, a contradiction, or the pattern of another entry.
    public static func read(fileAt path: String) throws(DiscoveryError) -> [Override] {
        try read(bytes(ofFileAt: path), from: path)
    }

    /// - Parameter place: where the bytes are from, for messages.
    package static func read(_ bytes: some Collection<UInt8>, from place: String) throws(DiscoveryError) -> [Override] {
        let place = place.excerpt(reach: 200)
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw DiscoveryError(
                .configuration, "\(place) is not JSON. Write a list of overrides, such as [{\"pattern\": \"ais.*\", \"delay\": 0.2}].",
                cause: error)
        }
        guard case .list(let entries) = value else {
            throw DiscoveryError(.configuration, "\(place) holds \(value.kind), not a list of overrides. Put them in square brackets.")
        }
        var overrides: [Override] = []
        var places: [AddressPattern: Int] = [:]
        for (index, entry) in entries.enumerated() {
            let override = try read(entry) { "\(place), entry \(index + 1)" + ($0.map { " (\($0))" } ?? "") }
            if let other = places.updateValue(index, forKey: override.pattern) {
                throw DiscoveryError(
                    .configuration,
                    "\(place), entries \(other + 1) and \(index + 1), are both about `\(override.pattern)`. Remove one, or make them one.")
            }
            overrides.append(override)
        }
        return overrides
    }

    private static func bytes(ofFileAt path: String) throws(DiscoveryError) -> Data {
        func refusal(_ reason: String) -> DiscoveryError {
            DiscoveryError(.configuration, "The overrides in \(path.excerpt(reach: 200)) cannot be read: \(reason)")
        }
        // A pipe that nobody writes to would be waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw refusal(
                errno == ENOENT
                    ? "there is no such file. Write it, or name another."
                    : "\(String(cString: strerror(errno))). Name a file that can be read.")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG) else {
            throw refusal("it is not a file. Name a file that holds a JSON list of overrides.")
        }
        do {
            let data = try file.read(upToCount: maximumFileSize + 1) ?? Data()
            guard data.count <= maximumFileSize else {
                throw refusal("it has more than \(maximumFileSize) bytes. Remove some, or shorten replies.")
            }
            return data
        } catch {
            throw error as? DiscoveryError ?? refusal("the disk failed (\(error)). Try again.")
        }
    }
}
