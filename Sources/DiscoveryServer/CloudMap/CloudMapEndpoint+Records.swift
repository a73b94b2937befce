internal import AWSProtocol
internal import DiscoveryKit
internal import Foundation
internal import Registry

/// Operations and their records, and tags.
extension CloudMapEndpoint {
    static var recordOperations: [(String, Operation)] {
        [
            operation(CloudMap.GetOperation.self) { call, input in
                try call.checkOwner(input.ownerAccount)
                let operation = try await call.registry.operation(input.operationID)
                try await call.check(operation)
                return .init(operation: call.operation(operation))
            },
            operation(CloudMap.ListOperations.self) { call, input in
                try call.check(.resolve)
                let page = try await call.registry.operations(
                    input.filters.registry, page: .init(limit: input.maxResults, token: input.nextToken))
                return .init(
                    operations: page.elements.map { .init(id: $0.id, status: .init(rawValue: $0.status.rawValue)) }, nextToken: page.token)
            },
            operation(CloudMap.TagResource.self) { call, input in
                try await call.check(.manage, arn: input.resourceARN)
                try await call.registry.tag(input.resourceARN, try Optional(input.tags).dictionary)
                return .init()
            },
            operation(CloudMap.UntagResource.self) { call, input in
                try await call.check(.manage, arn: input.resourceARN)
                try await call.registry.untag(input.resourceARN, input.tagKeys)
                return .init()
            },
            operation(CloudMap.ListTagsForResource.self) { call, input in
                try await call.check(.resolve, arn: input.resourceARN)
                let tags = try await call.registry.tags(of: input.resourceARN)
                return .init(tags: tags.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: $0.value) })
            },
        ]
    }
}

extension CloudMapCall {
    fileprivate func operation(_ operation: Registry.Operation) -> CloudMap.Operation {
        CloudMap.Operation(
            id: operation.id, ownerAccount: account, type: .init(rawValue: operation.kind.rawValue),
            status: .init(rawValue: operation.status.rawValue), errorMessage: operation.failure?.message,
            errorCode: operation.failure?.code.rawValue, createDate: .init(milliseconds: operation.created),
            updateDate: .init(milliseconds: operation.updated),
            targets: Dictionary(operation.targets.map { ($0.key.rawValue, $0.value) }) { $1 })
    }

    /// Who may see what an operation is about may see its record, and who may make such changes, so as to wait for theirs. What is gone hides
    /// nothing: there the id, which nobody can guess, is enough.
    fileprivate func check(_ operation: Registry.Operation) async throws {
        guard call.caller.key != nil else { return }
        let instance = operation.targets[.instance].map { Address.Instance.id($0) } ?? .only
        do {
            if let id = operation.serviceID {
                let service = try await registry.service(id)
                try checkAny(service.namespace, service.name, instance)
            } else if let id = operation.namespaceID {
                try checkAny(try await registry.namespace(id).httpName, "", instance)
            }
        } catch let error as RegistryError where [.serviceNotFound, .namespaceNotFound].contains(error.code) {}
    }

    private func checkAny(_ namespace: String, _ service: String, _ instance: Address.Instance) throws(Refusal) {
        let key = call.caller.key
        let changes = [AccessRule.Action.register, .manage].contains { action in
            key?.allows(action, namespace: namespace, service: service, instance: instance) ?? true
        }
        if !changes { try call.caller.check(.resolve, namespace, service, instance) }
    }

    /// Of a namespace or a service; the registry says what it is not.
    fileprivate func check(_ action: AccessRule.Action, arn: String) async throws {
        guard call.caller.key != nil else { return }
        do {
            if arn.contains(":service/") { try await check(action, service: arn) } else { try await check(action, namespace: arn) }
        } catch let error as RegistryError where [.serviceNotFound, .namespaceNotFound].contains(error.code) {
            throw AWSFault(.resourceNotFound, "There is no such namespace or service.")
        }
    }
}

extension [CloudMap.Tag]? {
    /// - Throws: `InvalidInput` for a key given twice.
    var dictionary: [String: String] {
        get throws(AWSFault) {
            var tags: [String: String] = [:]
            for tag in self ?? [] {
                guard tags.updateValue(tag.value, forKey: tag.key) == nil else {
                    throw AWSFault(.invalidInput, "There are two tags of one key. Leave one.")
                }
            }
            return tags
        }
    }
}

extension [CloudMap.Filter]? {
    var registry: [Registry.Filter] {
        (self ?? []).map { Registry.Filter($0.name, $0.values, condition: $0.condition?.rawValue) }
    }
}

extension Date {
    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1_000) }
}
