internal import DiscoveryKit
internal import Synchronization

/// One check's clients and names.
struct BackendTrial: Sendable {
    let one: Discovery
    let other: Discovery
    let staleness: Duration
    let patience: Duration
    let namespace = "conformance-\(String(UInt64.random(in: .min ... .max), radix: 36))"

    private let registered = Registered()

    func address(_ service: String, _ instance: Address.Instance = .id("one"), _ filters: [Address.Filter] = []) -> Address {
        Address(namespace: namespace, service: service, filters: filters, instance: instance)
    }

    /// Nobody listens on TCP's port 1.
    static let nowhere = "http://127.0.0.1:1/"

    /// Registers by the one client, until the end of the check.
    func register(_ address: Address, _ resource: Resource) async throws(DiscoveryError) {
        try await one.register(address, resource)
        registered.addresses.withLock { _ = $0.insert(address) }
    }

    /// Subscribes by the one client, until the end of the check.
    @discardableResult
    func subscribe(_ queue: Address, to topic: Address, _ options: SubscribeOptions? = nil) async throws(DiscoveryError) -> String {
        let subscription = try await one.subscribe(topic, queue, options: options)
        registered.subscriptions.withLock { _ = $0.insert(subscription) }
        return subscription
    }

    /// Leaves nothing behind.
    func end() async {
        // Some may be gone, as the check wants it.
        for subscription in registered.subscriptions.withLock({ $0 }) { try? await one.unsubscribe(subscription) }
        for address in registered.addresses.withLock({ $0 }) { try? await one.deregister(address) }
        await one.shutdown()
        await other.shutdown()
    }

    func resolve(_ address: Address, by client: Discovery? = nil) async throws -> Resource {
        try await (client ?? other).resolve(address)
    }

    /// Does it again for as long as a client may not have seen yet what another has changed.
    func settling(_ body: () async throws -> Void) async throws {
        let end = ContinuousClock.now + staleness
        while true {
            do { return try await body() } catch  where ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    /// Serves `address` while `body` runs, once it resolves.
    func serving(
        _ address: Address, by client: Discovery? = nil,
        _ handler: @escaping @concurrent @Sendable (Request) async throws -> Message = Conformance.echo, _ body: () async throws -> Void
    ) async throws {
        let client = client ?? one
        let serving = Task { try await client.serve(address, handler: handler) }
        let result: Result<Void, any Error>
        do {
            try await waitUntilResolved(address)
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        serving.cancel()
        _ = try await Conformance.within(patience, "`serve` to end when it is cancelled") { await serving.result }
        try result.get()
    }

    func waitUntilResolved(_ address: Address) async throws {
        let other = self.other
        try await Conformance.within(patience, "\(address) to resolve while it is served") {
            while true {
                do throws(DiscoveryError) {
                    _ = try await other.resolve(address)
                    return
                } catch .notFound {
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
        }
    }
}

private final class Registered: Sendable {
    let addresses = Mutex<Set<Address>>([])
    let subscriptions = Mutex<Set<String>>([])
}
