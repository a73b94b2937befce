internal import AWSProtocol
internal import Foundation
internal import Logging
internal import Registry

extension CloudMapNames {
    /// Registers an instance, and makes the namespace and the service where they are missing. Returns when the operation is done.
    ///
    /// One that is leased carries its term and its incarnation as attributes, and is renewed by heartbeats until it is deregistered or
    /// replaced. The service made for it has custom health, so that one who stopped renewing is left out before it is removed.
    func register(
        _ id: String, in service: Registry.ServiceName, attributes: Registry.Attributes, isLeased: Bool
    ) async throws(DiscoveryError) -> Registry.Registered {
        try check()
        let name = try self.name(of: service)
        var attributes = attributes.dictionary
        let incarnation = Int64(bitPattern: UInt64.random(in: .min ... .max))
        var term = times.lease
        if isLeased {
            if let said = attributes[Registry.Heartbeat.attribute].flatMap({ Int($0) }) { term = .seconds(said) }
            attributes[Registry.Heartbeat.attribute] = String(term.components.seconds)
            attributes[Registry.Instance.incarnationAttribute] = Registry.Instance.incarnationText(incarnation)
        }
        do {
            // What breaks a rule is to have made nothing.
            try Rules.checkInstance(id: id)
            try Rules.checkNamespace(name: name.namespace, kind: .http)
            try Rules.checkService(name: name.service)
            _ = try Rules.checkSizes(Registry.Attributes(attributes))
        } catch {
            throw DiscoveryError(wrapping: error)
        }
        let registration = Registration(name: name, id: id, attributes: attributes, isLeased: isLeased)
        do throws(CloudMapFailure) {
            let replaced = isLeased ? try await isRegistered(id, name) : false
            let sent = ContinuousClock.now
            try await put(registration)
            changed(name, id)
            if isLeased { await renew(registration, incarnation, term, since: sent) }
            return Registry.Registered(incarnation: incarnation, replaced: replaced)
        } catch {
            changed(name, id, isAnswered: !error.isDown)
            throw error.error
        }
    }

    /// Removes an instance. With an incarnation only that registration: asked before, and by a header that our daemon heeds again, so that a
    /// successor who comes in between is not removed.
    func deregister(_ id: String, from service: Registry.ServiceName, incarnation: Int64?) async throws(DiscoveryError) {
        let name = try self.name(of: service)
        // Also after a shutdown: one that was being registered meanwhile may be renewed.
        await leases.end(Key(name: name, id: id), incarnation)
        try check()
        do throws(CloudMapFailure) {
            var headers: [(name: String, value: String)] = []
            if let incarnation {
                guard try await instance(id, name).incarnation == incarnation else { return }
                headers = [(WireHeader.incarnation, Registry.Instance.incarnationText(incarnation))]
            }
            let client = self.client
            try await submit(name) { service throws(CloudMapFailure) in
                try await client.call(
                    CloudMap.DeregisterInstance.self, .init(serviceID: service, instanceID: id), incarnation == nil ? .once : .repeatable,
                    headers: headers)
            }
            changed(name, id)
        } catch {
            changed(name, id, isAnswered: !error.isDown)
            if incarnation != nil, error.isNotFound { return }
            throw error.error
        }
    }

    func waitUntilReplaced(_ id: String, in service: Registry.ServiceName, incarnation: Int64) async throws(DiscoveryError) {
        await leases.waitUntilEnded(Key(name: try name(of: service), id: id), incarnation)
    }

    private func name(of service: Registry.ServiceName) throws(DiscoveryError) -> CloudMapDirectory.Name {
        guard case .name(let namespace, let name) = service else {
            throw DiscoveryError(.unsupported, "\(place) is asked for services by name only.")
        }
        return CloudMapDirectory.Name(namespace: namespace, service: name)
    }

    // MARK: Changing

    /// What is registered, and again when it was lost.
    private struct Registration: Sendable {
        let name: CloudMapDirectory.Name
        let id: String
        let attributes: [String: String]
        let isLeased: Bool
    }

    private func isRegistered(_ id: String, _ name: CloudMapDirectory.Name) async throws(CloudMapFailure) -> Bool {
        do throws(CloudMapFailure) {
            _ = try await instance(id, name)
            return true
        } catch  where error.isNotFound {
            return false
        }
    }

    private func put(_ registration: Registration) async throws(CloudMapFailure) {
        let (name, client) = (registration.name, self.client)
        _ = try await directory.makeID(of: name, hasCustomHealth: registration.isLeased)
        let request = UUID().uuidString
        func submit() async throws(CloudMapFailure) {
            try await self.submit(name) { service throws(CloudMapFailure) in
                try await client.call(
                    CloudMap.RegisterInstance.self,
                    .init(
                        serviceID: service, instanceID: registration.id, attributes: registration.attributes, creatorRequestID: request),
                    .repeatable)
            }
        }
        do throws(CloudMapFailure) { try await submit() } catch  where error.isNotFound {
            // The service was removed since its id was learnt.
            directory.forget(name)
            _ = try await directory.makeID(of: name, hasCustomHealth: registration.isLeased)
            try await submit()
        }
    }

    /// Submits a change of an instance and waits until it is done. While another is pending, after that.
    private func submit(
        _ name: CloudMapDirectory.Name, _ change: (String) async throws(CloudMapFailure) -> CloudMap.Submitted
    ) async throws(CloudMapFailure) {
        for attempt in 1... {
            do throws(CloudMapFailure) {
                try await client.finish(try await directory.with(name, change))
                return
            } catch  where error.fault?.code == .duplicateRequest && attempt < 5 {
                guard let other = error.fault?.members["DuplicateOperationId"] else { throw error }
                // How it ends is for whoever asked for it.
                _ = try? await client.finish(.init(operationID: other))
            }
        }
    }

    // MARK: Renewing

    private func renew(_ registration: Registration, _ incarnation: Int64, _ term: Duration, since sent: ContinuousClock.Instant) async {
        await leases.hold(Key(name: registration.name, id: registration.id), incarnation) { [weak self] in
            var renewal = LeaseRenewal(term: term, from: sent)
            var generator = SystemRandomNumberGenerator()
            var next = LeaseRenewal.Step.wait(renewal.interval)
            while true {
                let outcome: LeaseRenewal.Outcome
                let start: ContinuousClock.Instant
                switch next {
                case .end: return
                case .wait(let pause):
                    do { try await Task.sleep(for: pause) } catch { return }
                    guard let self else { return }
                    start = .now
                    outcome = await self.heartbeat(registration, incarnation, until: start + renewal.interval)
                case .register:
                    guard let self, !Task.isCancelled else { return }
                    start = .now
                    outcome = await self.registerAgain(registration)
                }
                if Task.isCancelled { return }
                next = renewal.step(after: outcome, from: start, at: .now, using: &generator)
            }
        }
    }

    /// One that is not answered is given up in time for the next.
    private func heartbeat(
        _ registration: Registration, _ incarnation: Int64, until deadline: ContinuousClock.Instant
    ) async -> LeaseRenewal.Outcome {
        do { return try await Deadlines.shared.run(until: deadline) { await self.beat(registration, incarnation) } } catch {
            return .failed
        }
    }

    /// The header has our daemon renew this registration and no other, and leave alone what was reported of its health.
    private func beat(_ registration: Registration, _ incarnation: Int64) async -> LeaseRenewal.Outcome {
        let (name, id, client) = (registration.name, registration.id, self.client)
        let headers = [(name: WireHeader.incarnation, value: Registry.Instance.incarnationText(incarnation))]
        do throws(CloudMapFailure) {
            guard try await instance(id, name).incarnation == incarnation else { return .replaced }
            do throws(CloudMapFailure) {
                _ = try await directory.with(name) { service throws(CloudMapFailure) in
                    try await client.call(
                        CloudMap.UpdateInstanceCustomHealthStatus.self, .init(serviceID: service, instanceID: id, status: .healthy),
                        .repeatable, headers: headers)
                }
            } catch  where error.fault?.code == .instanceNotFound {
                // It was there a moment ago: gone or replaced since, and which of both is another question.
                return try await instance(id, name).incarnation == incarnation ? .failed : .replaced
            }
            return .renewed
        } catch {
            // A service without custom health, on a registry that knows no leases: there is nothing to renew.
            if error.fault?.code == .customHealthNotFound { return .renewed }
            if error.isNotFound { return .missing }
            logger.debug("a lease could not be renewed", metadata: ["discovery.reason": .string(error.error.message)])
            return .failed
        }
    }

    private func registerAgain(_ registration: Registration) async -> LeaseRenewal.Outcome {
        let place = Address(
            namespace: registration.name.namespace, service: registration.name.service, instance: .id(registration.id))
        do throws(CloudMapFailure) {
            try await put(registration)
            changed(registration.name, registration.id)
            logger.notice("registered again, as its lease had run out", metadata: ["discovery.address": .string(place.text)])
            return .renewed
        } catch {
            logger.debug("registering again failed", metadata: ["discovery.reason": .string(error.error.message)])
            return .failed
        }
    }
}
