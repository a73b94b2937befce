public import DiscoveryKit

extension Conformance {
    /// The checks of a backend, with everything between it and its clients. Each check uses a namespace of its own, and removes what it
    /// registered there; the namespace stays.
    ///
    /// - Parameters:
    ///   - client: makes a client of the backend each time; two clients see each other's registrations. They are shut down by the checks.
    ///   - queue: an empty queue without order that the clients may use, by one check after the other; without one, the checks of `queue` and
    ///     `listen` are left out.
    ///   - topic: a topic without order and without subscribers, likewise; the checks of what it passes on to a queue need both.
    ///   - defersCalls: whether the backend puts off calls; otherwise the check of `requestLater` is left out.
    ///   - staleness: how late at most one client sees what another has changed, where it had read that before.
    ///   - patience: how long one step may take before it counts as hanging.
    public static func checks(
        of client: @escaping @Sendable () throws -> Discovery, queue: Resource? = nil, topic: Resource? = nil,
        defersCalls: Bool = true, staleness: Duration = .zero, patience: Duration = .seconds(20)
    ) -> [Check] {
        func check(_ name: String, _ body: @escaping @Sendable (BackendTrial) async throws -> Void) -> Check {
            Check(name) {
                let trial = BackendTrial(one: try client(), other: try client(), staleness: staleness, patience: patience)
                let result: Result<Void, any Error>
                do { result = .success(try await body(trial)) } catch { result = .failure(error) }
                await trial.end()
                try result.get()
            }
        }
        var checks = [
            check("resolve: what one client registers, another finds, as it is") { try await $0.findsWhatIsRegistered() },
            check("resolve: every change is seen by the next look") { try await $0.seesChanges() },
            check("resolve: filters and ids choose among instances") { try await $0.chooses() },
            check("request: body, attributes, headers and content type arrive, and come back") { try await $0.requests() },
            check("serve: a closure is callable until it ends, and gone then") { try await $0.serves() },
            check("serve: who serves an address that is served takes it over, and keeps it") { try await $0.takesOver() },
            check("serve: several under one service share its calls") { try await $0.servesReplicas() },
            check("swap: under load it fails no call, and the next call goes to the new place") { try await $0.swaps() },
            check("errors: what is not there is not found, with what is near") { try await $0.missesWhatIsNotThere() },
            check("errors: each failure of a call has its code") { try await $0.failsCalls() },
            check("errors: what cannot be registered is refused") { try await $0.refuses() },
            check("errors: after a shutdown nothing works") { try await $0.endsWithShutdown() },
        ]
        if defersCalls {
            checks.append(
                check("requestLater: what is accepted is called later, with body, attributes and headers") { try await $0.requestsLater() })
        }
        if let queue {
            checks += [
                check("queue: what one client sends, a listener of another is given") { try await $0.queues(queue) },
                check("listen: what is handled never comes again, and what fails comes again") { try await $0.listens(queue) },
                check("listen: what a listener held at its end, or dropped, comes again at once") { try await $0.givesBack(queue) },
            ]
        }
        if let topic {
            checks += [
                check("publish: a topic that nobody is subscribed to accepts messages") { try await $0.acceptsWithoutSubscribers(topic) },
                check("publish: what does not fit is refused, with what it is and what it should be") {
                    try await $0.refusesWhatIsNoTopic(topic)
                },
                check("listen: on a topic, each listener hears all that is published while it runs") {
                    try await $0.listens(toTopic: topic)
                },
                check("listen: a listener of a topic leaves nothing behind") { try await $0.leavesNothing(on: topic) },
                check("subscribe: a closure hears what its filter policy lets through") { try await $0.filtersForClosures(topic) },
            ]
        }
        if let topic, let queue {
            checks += [
                check("publish: what is published side by side, each subscriber is given once") {
                    try await $0.publishes(topic, to: queue)
                },
                check("publish: body, attributes and subject arrive, raw or in an envelope") { try await $0.carries(topic, to: queue) },
                check("subscribe: filter policies let through what they match, and nothing else") {
                    try await $0.filters(topic, to: queue)
                },
                check("subscribe: doing it again changes nothing, and with other options is refused") {
                    try await $0.subscribesOnce(topic, queue)
                },
                check("unsubscribe: what is published from then on does not come") { try await $0.unsubscribes(topic, queue) },
            ]
        }
        return checks
    }
}
