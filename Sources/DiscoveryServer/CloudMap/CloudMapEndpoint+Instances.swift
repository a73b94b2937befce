internal import AWSProtocol
internal import DiscoveryKit
internal import HTTPServing
internal import Registry

extension CloudMapEndpoint {
    static var instanceOperations: [(String, Operation)] {
        [
            operation(CloudMap.RegisterInstance.self) { call, input in
                try await call.check(.register, service: input.serviceID, instance: .id(input.instanceID))
                try call.endpoint.rules.check(input.attributes, by: call.call.caller)
                return try await call.submit(
                    .registerInstance(input.instanceID, service: input.serviceID, attributes: input.attributes),
                    requestID: input.creatorRequestID)
            },
            operation(CloudMap.DeregisterInstance.self) { call, input in
                try await call.check(.register, service: input.serviceID, instance: .id(input.instanceID))
                return try await call.submit(
                    .deregisterInstance(
                        input.instanceID, service: input.serviceID,
                        incarnation: try await call.incarnation(of: input.instanceID, in: input.serviceID)))
            },
            operation(CloudMap.GetInstance.self) { call, input in
                try await call.check(.resolve, service: input.serviceID, instance: .id(input.instanceID))
                let (instance, request) = try await call.registry.registration(of: input.instanceID, in: .id(input.serviceID))
                return .init(
                    resourceOwner: call.account,
                    instance: .init(
                        id: instance.id, creatorRequestID: request, attributes: instance.attributes, createdByAccount: call.account))
            },
            operation(CloudMap.ListInstances.self) { call, input in
                try await call.check(.resolve, service: input.serviceID, instance: .any)
                let page = try await call.registry.instances(
                    of: .id(input.serviceID), page: .init(limit: input.maxResults, token: input.nextToken))
                return .init(
                    resourceOwner: call.account,
                    instances: page.elements.map { .init(id: $0.id, attributes: $0.attributes, createdByAccount: call.account) },
                    nextToken: page.token)
            },
            operation(CloudMap.GetInstancesHealthStatus.self) { call, input in
                try await call.check(.resolve, service: input.serviceID, instance: .any)
                let page = try await call.registry.healthStatus(
                    of: input.instances, in: .id(input.serviceID), page: .init(limit: input.maxResults, token: input.nextToken))
                return .init(
                    status: Dictionary(page.elements.map { ($0.id, $0.health.rawValue) }) { $1 }, nextToken: page.token)
            },
            operation(CloudMap.UpdateInstanceCustomHealthStatus.self) { call, input in
                try await call.check(.register, service: input.serviceID, instance: .id(input.instanceID))
                guard let health = Registry.Health(rawValue: input.status.rawValue), health != .unknown else {
                    throw AWSFault(.invalidInput, "A status is HEALTHY or UNHEALTHY.")
                }
                let fidelity = call.endpoint.fidelity
                let incarnation = try await call.incarnation(of: input.instanceID, in: input.serviceID)
                try await call.endpoint.keeper.renewed(
                    input.instanceID, of: input.serviceID, incarnation: incarnation, isHealthy: health == .healthy)
                // It says only that it lives: how it is, others may have reported.
                if incarnation != nil { return .init() }
                try await call.registry.setHealth(health, of: input.instanceID, in: .id(input.serviceID), fidelity: fidelity)
                return .init()
            },
            (
                // Its answers are kept as they are written.
                CloudMap.DiscoverInstances.name,
                { call, body in
                    if let answer = call.endpoint.answerAtOnce(body, to: call.call.caller) {
                        try call.endpoint.limits?.take(.discoverInstances)
                        return answer
                    }
                    let input = try CloudMap.DiscoverInstances.input(from: body)
                    try call.call.caller.check(.resolve, input.namespaceName, input.serviceName, .any)
                    try call.checkOwner(input.ownerAccount)
                    try call.endpoint.limits?.take(.discoverInstances)
                    return try await call.endpoint.discoveries.answer(try Discoveries.Question(input), body)
                }
            ),
            operation(CloudMap.DiscoverInstancesRevision.self) { call, input in
                try call.call.caller.check(.resolve, input.namespaceName, input.serviceName, .any)
                try call.checkOwner(input.ownerAccount)
                try call.endpoint.limits?.take(.discoverInstancesRevision)
                let revision = try await call.endpoint.discoveries.revision(input.namespaceName, input.serviceName)
                return .init(instancesRevision: Int(revision))
            },
        ]
    }
}

extension CloudMapCall {
    /// The registration that a client of ours means: none but its own. AWS knows no such header.
    fileprivate func incarnation(of id: String, in service: String) async throws -> Int64? {
        guard let wanted = call.request.headers[WireHeader.incarnation] else { return nil }
        let (instance, _) = try await registry.registration(of: id, in: .id(service))
        guard instance.attributes["DISCOVERY_INCARNATION"] == wanted else {
            throw AWSFault(.instanceNotFound, "The instance \(id.prefix(64)) was registered anew by another.")
        }
        return instance.incarnation
    }
}
