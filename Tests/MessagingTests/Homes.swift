import Foundation
import Store
import Synchronization
import Testing

@testable import Messaging

/// Home time that passes when a test says so.
final class Clock: Sendable {
    private let time = Mutex(HomeTime(milliseconds: 1_800_000_000_000))

    var now: HomeTime { time.withLock { $0 } }
    func pass(_ duration: Duration) { time.withLock { $0 = $0 + duration } }

    var seam: Seam {
        var seam = Seam()
        seam.now = { [self] in now }
        return seam
    }
}

/// Queues in a home of their own, closed and removed afterwards.
func withMessaging(_ body: (Messaging, Clock) async throws -> Void) async throws {
    try await withFolder { path in
        let clock = Clock()
        let messaging = try Messaging(Home(path: path, seam: clock.seam))
        defer { messaging.close() }
        try await body(messaging, clock)
    }
}

extension Messaging {
    @discardableResult
    func send(_ text: String, to queue: String, group: String? = nil, id: String? = nil, delay: Duration? = nil) async throws -> Sent {
        try await send([Outgoing(text, group: group, id: id, delay: delay)], to: queue)[0].get()
    }

    /// What there is now, as text.
    func texts(from queue: String, maximum: Int = 10, visibility: Duration? = nil) async throws -> [String] {
        try await receive(from: queue, maximum: maximum, visibility: visibility, wait: .zero).map(\.text)
    }

    func take(_ queue: String, visibility: Duration? = nil) async throws -> Received {
        try #require(try await receive(from: queue, visibility: visibility, wait: .zero).first, "nothing to receive from \(queue)")
    }

    @discardableResult
    func finish(_ received: Received, in queue: String) async throws -> Settled {
        try await finish([received.receipt], in: queue)[0].get()
    }

    func extend(_ received: Received, in queue: String, to visibility: Duration) async throws {
        try await changeVisibility([VisibilityChange(received.receipt, visibility)], in: queue)[0].get()
    }

    func rows(_ table: StaticString) async throws -> Int64 {
        try await store.read { try $0.first(table, make: { $0.integer(0) }) ?? 0 }
    }
}

extension Messaging.Outgoing {
    init(_ text: String, group: String? = nil, id: String? = nil, delay: Duration? = nil) {
        self.init(Array(text.utf8), delay: delay, group: group, deduplication: id)
    }
}

extension Messaging.Received {
    var text: String { String(decoding: body, as: UTF8.self) }
}

/// Expects a rule of queues to be broken, in a sentence that holds `parts`.
func refused(
    _ code: MessagingError.Code, _ parts: String..., location: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("this was not refused", sourceLocation: location)
    } catch let error as MessagingError {
        #expect(error.code == code, "\(error.message)", sourceLocation: location)
        for part in parts { #expect(error.message.contains(part), "\(error.message)", sourceLocation: location) }
    } catch {
        Issue.record("\(error)", sourceLocation: location)
    }
}
