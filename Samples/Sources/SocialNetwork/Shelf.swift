import Foundation

/// What one service keeps: a value in a file of its own, so that a service that is killed goes on where it was. No other service reads it.
actor Shelf<Value: Codable & Sendable> {
    private(set) var value: Value
    private let file: URL
    private var watchers: [UUID: AsyncStream<Value>.Continuation] = [:]

    init(_ name: String, empty: Value) throws {
        file = URL(fileURLWithPath: ProcessInfo.processInfo.environment["SOCIAL_FOLDER"] ?? ".").appendingPathComponent("\(name).json")
        let exists = FileManager.default.fileExists(atPath: file.path)
        value = exists ? try JSONDecoder().decode(Value.self, from: Data(contentsOf: file)) : empty
    }

    /// Returns once it is in the file: a message is finished after that, and comes again if the process dies before.
    func change(_ body: (inout Value) -> Void) throws {
        var changed = value
        body(&changed)
        try JSONEncoder().encode(changed).write(to: file, options: .atomic)
        value = changed
        for watcher in watchers.values { watcher.yield(changed) }
    }

    /// The value as soon as it is as wanted; after five seconds, as it is.
    func value(when isWanted: @escaping @Sendable (Value) -> Bool) async -> Value {
        let id = UUID()
        let (values, watcher) = AsyncStream.makeStream(of: Value.self, bufferingPolicy: .bufferingNewest(1))
        watcher.yield(value)
        watchers[id] = watcher
        defer { watchers[id] = nil }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await value in values where isWanted(value) { return } }
            group.addTask { try? await Task.sleep(for: .seconds(5)) }
            await group.next()
            group.cancelAll()
        }
        return value
    }
}
