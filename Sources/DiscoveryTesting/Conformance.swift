public import DiscoveryKit

/// What a backend or an adapter has to do, as checks that its author runs.
///
/// In Swift Testing, one line runs them all, each as a test case of its own:
///
/// ```swift
/// @Test(arguments: Conformance.checks(of: { try Discovery(configuration) }))
/// func `my backend conforms`(check: Conformance.Check) async throws { try await check.run() }
/// ```
///
/// XCTest and plain programs run them in a loop.
public enum Conformance {
    /// One thing that is required.
    public struct Check: Sendable, CustomStringConvertible {
        /// What is required, as a sentence without an end: `a swap under load fails no call`.
        public let name: String
        /// For logs, and for the names of test cases.
        public var description: String { name }
        private let body: @Sendable () async throws -> Void

        init(_ name: String, _ body: @escaping @Sendable () async throws -> Void) {
            self.name = name
            self.body = body
        }

        /// Runs the check. Waits for what is checked, and for little more than its patience where that hangs.
        ///
        /// - Throws: what was expected, and what was seen instead.
        public func run() async throws(ConformanceFailure) {
            do {
                try await body()
            } catch let failure as ConformanceFailure {
                throw failure
            } catch {
                throw ConformanceFailure(expected: "\(name), without an error", seen: "\(error)")
            }
        }
    }

    /// What a function has to do that checks call as their `echo`: it answers with the body, the attributes and the content type it was sent,
    /// and with the request's header `conformance-header`, if there is one, as the string attribute `conformance-header`.
    ///
    /// ```swift
    /// try await Discovery.serve("my.adapter->echo", handler: Conformance.echo)
    /// ```
    public static let echo: @concurrent @Sendable (Request) async throws -> Message = { request in
        var message = request.message
        if let header = request.headers[header] { message.attributes[Self.header] = .string(header) }
        return message
    }

    static let header = "conformance-header"

    /// - Throws: a failure, unless `isMet`.
    static func expect(_ isMet: Bool, _ expected: String, seen: @autoclosure () -> String) throws(ConformanceFailure) {
        guard isMet else { throw ConformanceFailure(expected: expected, seen: seen()) }
    }

    /// - Throws: a failure, unless both are equal.
    static func expect<Value: Equatable>(_ what: String, is expected: Value, seen: Value) throws(ConformanceFailure) {
        guard expected != seen else { return }
        throw ConformanceFailure(expected: "\(what) to be \(brief(expected))", seen: brief(seen))
    }

    /// - Throws: a failure, unless `operation` throws an error with one of the codes.
    @discardableResult
    static func expect(
        _ codes: DiscoveryError.Code..., of what: String, operation: () async throws -> Void
    ) async throws(ConformanceFailure) -> DiscoveryError {
        let expected = "\(what) to throw \(codes.map { "`.\($0)`" }.joined(separator: " or "))"
        do {
            try await operation()
        } catch let error as DiscoveryError {
            guard codes.contains(error.code) else { throw ConformanceFailure(expected: expected, seen: "\(error)") }
            return error
        } catch let failure as ConformanceFailure {
            throw failure
        } catch {
            throw ConformanceFailure(expected: expected, seen: "\(error)")
        }
        throw ConformanceFailure(expected: expected, seen: "no error")
    }

    /// - Throws: a failure, unless an adapter's `accepts` takes the resources, none of another kind in their places, and none where nothing is
    ///   that anybody speaks to.
    static func expect(
        _ accepts: (Resource) -> Bool, toTake resources: [Resource], of kind: Resource.Kind
    ) throws(ConformanceFailure) {
        for resource in resources {
            try expect(accepts(resource), "it to accept \(resource.location)", seen: "it does not")
            for other in [Resource.Kind.function, .queue, .topic] where other != kind {
                let moved = Resource(other, at: resource.location, attributes: resource.attributes)
                try expect(!accepts(moved), "it not to accept a \(other) at the same location", seen: "it does")
            }
        }
        let unknown = Resource(kind, at: "conformance-unknown://nowhere")
        try expect(!accepts(unknown), "it not to accept a \(kind) at \(unknown.location)", seen: "it does")
    }

    /// The result of `operation`; a failure once it has taken longer than `patience`. What hangs is left behind, cancelled.
    static func within<Value: Sendable>(
        _ patience: Duration, _ what: String, _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        // Not a task group, which would wait for what hangs.
        let (results, continuation) = AsyncStream<Result<Value, any Error>>.makeStream(bufferingPolicy: .bufferingOldest(1))
        let task = Task {
            do { continuation.yield(.success(try await operation())) } catch { continuation.yield(.failure(error)) }
        }
        let timer = Task {
            try await Task.sleep(for: patience)
            continuation.yield(.failure(ConformanceFailure(expected: "\(what) within \(patience)", seen: "nothing until then")))
        }
        defer {
            task.cancel()
            timer.cancel()
        }
        for await result in results { return try result.get() }
        throw CancellationError()
    }

    private static func brief(_ value: some Any) -> String {
        let text = String(describing: value)
        return text.count > 200 ? "\(text.prefix(200))… (\(text.count) characters)" : text
    }
}

/// What a check expected, and what it saw.
public struct ConformanceFailure: Error, Sendable, CustomStringConvertible {
    /// What is required.
    public let expected: String
    /// What was there instead.
    public let seen: String

    init(expected: String, seen: String) {
        self.expected = expected
        self.seen = seen
    }

    /// Both, on one line.
    public var description: String { "Expected \(expected). Seen: \(seen)" }
}
