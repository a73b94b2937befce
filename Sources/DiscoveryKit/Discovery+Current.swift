internal import Synchronization

extension Discovery {
    /// The client that the static operations use: the task's (``withCurrent(_:operation:)``), else the one given to ``bootstrap(_:)``, else one
    /// made from the environment at first use. It needs no shutdown.
    ///
    /// - Throws: `.configuration` when the environment asks for something that means nothing.
    public static var current: Discovery {
        get throws(DiscoveryError) {
            if let task { return task }
            return try processWide.withLock { state throws(DiscoveryError) in
                if let discovery = state.discovery { return discovery }
                let discovery = try Discovery(.fromEnvironment())
                state = (discovery, "its first use, with the environment's settings")
                return discovery
            }
        }
    }

    /// Sets the process-wide client, once, before its first use.
    ///
    /// Calling it twice, or after the first use, is a mistake in the program: it stops, naming both places.
    public static func bootstrap(_ discovery: Discovery, fileID: String = #fileID, line: Int = #line) {
        processWide.withLock { state in
            precondition(
                state.discovery == nil, "Discovery.bootstrap at \(fileID):\(line) comes too late: the client was set by \(state.origin).")
            state = (discovery, "bootstrap at \(fileID):\(line)")
        }
    }

    /// Makes `discovery` the client of the static operations within `operation` and the tasks it starts: for tests that run side by side.
    @discardableResult
    public static func withCurrent<Value, Failure: Error>(
        _ discovery: Discovery, operation: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await $task.withValue(discovery) {
            do throws(Failure) { return .success(try await operation()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    @TaskLocal private static var task: Discovery?
    private static let processWide = Mutex<(discovery: Discovery?, origin: String)>((nil, ""))
}
