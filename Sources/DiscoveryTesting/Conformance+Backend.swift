public import DiscoveryKit

extension Conformance {
    /// The checks of a backend, with everything between it and its clients. Each check uses a namespace of its own, and so leaves alone what
    /// else is registered.
    ///
    /// - Parameters:
    ///   - client: makes a client of the backend each time; two clients see each other's registrations. They are shut down by the checks.
    ///   - patience: how long one step may take before it counts as hanging.
    public static func checks(
        of client: @escaping @Sendable () throws -> Discovery, patience: Duration = .seconds(20)
    ) -> [Check] {
        func check(_ name: String, _ body: @escaping @Sendable (BackendTrial) async throws -> Void) -> Check {
            Check(name) {
                let trial = BackendTrial(one: try client(), other: try client(), patience: patience)
                let result: Result<Void, any Error>
                do { result = .success(try await body(trial)) } catch { result = .failure(error) }
                await trial.one.shutdown()
                await trial.other.shutdown()
                try result.get()
            }
        }
        return [
            check("resolve: what one client registers, another finds, as it is") { try await $0.findsWhatIsRegistered() },
            check("resolve: every change is seen by the next look") { try await $0.seesChanges() },
            check("resolve: filters and ids choose among instances") { try await $0.chooses() },
            check("request: body, attributes, headers and content type arrive, and come back") { try await $0.requests() },
            check("serve: a closure is callable until it ends, and gone then") { try await $0.serves() },
            check("serve: several under one service share its calls") { try await $0.servesReplicas() },
            check("swap: under load it fails no call, and the next call goes to the new place") { try await $0.swaps() },
            check("errors: what is not there is not found, with what is near") { try await $0.missesWhatIsNotThere() },
            check("errors: each failure of a call has its code") { try await $0.failsCalls() },
            check("errors: what cannot be registered is refused") { try await $0.refuses() },
            check("errors: after a shutdown nothing works") { try await $0.endsWithShutdown() },
        ]
    }
}

/// One check's clients and names.
struct BackendTrial: Sendable {
    let one: Discovery
    let other: Discovery
    let patience: Duration
    let namespace = "conformance-\(String(UInt64.random(in: .min ... .max), radix: 36))"

    func address(_ service: String, _ instance: Address.Instance = .id("one"), _ filters: [Address.Filter] = []) -> Address {
        Address(namespace: namespace, service: service, filters: filters, instance: instance)
    }

    /// Nobody listens on TCP's port 1.
    static let nowhere = "http://127.0.0.1:1/"

    func resolve(_ address: Address, by client: Discovery? = nil) async throws -> Resource {
        try await (client ?? other).resolve(address)
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
            try await waitUntilResolved(address, serving)
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        serving.cancel()
        _ = try await Conformance.within(patience, "`serve` to end when it is cancelled") { await serving.result }
        try result.get()
    }

    private func waitUntilResolved(_ address: Address, _ serving: Task<Void, any Error>) async throws {
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
