internal import AWSProtocol
internal import Foundation
internal import Synchronization

/// The ids of services by their names, as Cloud Map asks for ids where it changes or looks at one instance. Known ones are kept until they are
/// found to be wrong.
final class CloudMapDirectory: Sendable {
    struct Name: Hashable, Sendable {
        let namespace: String
        let service: String
    }

    /// A bound on memory: a full directory is emptied for what is asked for, and not for what is met on the way.
    private static let limit = 16_384
    /// Of one listing: against a service that never ends it.
    private static let mostPages = 10_000

    private let client: CloudMapClient
    private let known = Mutex<[Name: String]>([:])

    init(_ client: CloudMapClient) { self.client = client }

    /// - Throws: `.notFound`, in the words of the service, with near names.
    func id(of name: Name) async throws(CloudMapFailure) -> String {
        if let id = known.withLock({ $0[name] }) { return id }
        if let namespace = try await namespaceID(name.namespace), let id = try await serviceID(name, in: namespace) { return id }
        _ = try await client.call(
            CloudMap.DiscoverInstancesRevision.self, .init(namespaceName: name.namespace, serviceName: name.service))
        throw CloudMapFailure(DiscoveryError(.notFound, "The service \(name.service) has just been made. Try again."))
    }

    func forget(_ name: Name) { known.withLock { $0[name] = nil } }

    /// Does something with a service's id, and once more where the id is another by now.
    func with<Value>(
        _ name: Name, _ body: (String) async throws(CloudMapFailure) -> Value
    ) async throws(CloudMapFailure) -> Value {
        do throws(CloudMapFailure) {
            return try await body(try await id(of: name))
        } catch  where error.fault?.code == .serviceNotFound {
            forget(name)
            return try await body(try await id(of: name))
        }
    }

    /// The id of a service that is made when it is missing, and its namespace likewise. Others may make them at the same time.
    ///
    /// - Parameter hasCustomHealth: of a service that is made now.
    func makeID(of name: Name, hasCustomHealth: Bool) async throws(CloudMapFailure) -> String {
        if let id = known.withLock({ $0[name] }) { return id }
        let namespace: String
        if let id = try await namespaceID(name.namespace) {
            if let id = try await serviceID(name, in: id) { return id }
            namespace = id
        } else {
            namespace = try await makeNamespace(name.namespace)
        }
        let input = CloudMap.CreateService.Input(
            name: name.service, namespaceID: namespace, creatorRequestID: UUID().uuidString,
            healthCheckCustomConfig: hasCustomHealth ? .init(failureThreshold: 1) : nil)
        let made: String?
        do throws(CloudMapFailure) {
            made = try await client.call(CloudMap.CreateService.self, input, .repeatable).service?.id
        } catch  where error.fault?.code == .serviceAlreadyExists {
            made = error.fault?.members["ServiceId"]
        }
        if let made {
            keep(made, for: name)
            return made
        }
        return try await id(of: name)
    }

    private func makeNamespace(_ name: String) async throws(CloudMapFailure) -> String {
        let failure: CloudMapFailure
        do throws(CloudMapFailure) {
            let submitted = try await client.call(
                CloudMap.CreateHTTPNamespace.self, .init(name: name, creatorRequestID: UUID().uuidString), .repeatable)
            if let id = try await client.finish(submitted).targets?["NAMESPACE"] { return id }
            failure = CloudMapFailure(DiscoveryError(.notFound, "The namespace \(name) was made, and is not there. Try again."))
        } catch {
            if error.fault?.code == .namespaceAlreadyExists, let id = error.fault?.members["NamespaceId"] { return id }
            // Somebody else is about to make it.
            if let operation = error.fault?.members["DuplicateOperationId"] {
                _ = try? await client.finish(.init(operationID: operation))
            }
            failure = error
        }
        if let id = try await namespaceID(name) { return id }
        throw failure
    }

    private func meet(_ services: [CloudMap.ServiceSummary], in namespace: String) {
        known.withLock { known in
            for service in services {
                guard known.count < Self.limit else { return }
                guard let id = service.id, let name = service.name else { continue }
                known[Name(namespace: namespace, service: name)] = id
            }
        }
    }

    private func keep(_ id: String, for name: Name) {
        known.withLock { known in
            if known.count >= Self.limit { known.removeAll() }
            known[name] = id
        }
    }

    // MARK: Listing

    private func namespaceID(_ name: String) async throws(CloudMapFailure) -> String? {
        try await first { client, token throws(CloudMapFailure) in
            let page = try await client.call(
                CloudMap.ListNamespaces.self,
                .init(
                    nextToken: token, maxResults: 100, filters: [.init(name: "HTTP_NAME", values: [name], condition: .equals)]))
            return (page.namespaces?.first { $0.properties?.httpProperties?.httpName == name }?.id, page.nextToken)
        }
    }

    private func serviceID(_ name: Name, in namespace: String) async throws(CloudMapFailure) -> String? {
        var isSure = false
        let id = try await first { client, token throws(CloudMapFailure) in
            // All pages are not turned over for what is not there: that is one question.
            if token != nil, !isSure {
                guard try await mayBeThere(name) else { return (nil, nil) }
                isSure = true
            }
            let page = try await client.call(
                CloudMap.ListServices.self,
                .init(
                    nextToken: token, maxResults: 100, filters: [.init(name: "NAMESPACE_ID", values: [namespace], condition: .equals)]))
            meet(page.services ?? [], in: name.namespace)
            return (page.services?.first { $0.name == name.service }?.id, page.nextToken)
        }
        if let id { keep(id, for: name) }
        return id
    }

    private func mayBeThere(_ name: Name) async throws(CloudMapFailure) -> Bool {
        do throws(CloudMapFailure) {
            _ = try await client.call(
                CloudMap.DiscoverInstancesRevision.self, .init(namespaceName: name.namespace, serviceName: name.service))
            return true
        } catch {
            if error.isNotFound { return false }
            // Who may list may not be one who may ask this.
            guard error.fault?.code == .accessDenied else { throw error }
            return true
        }
    }

    /// What the first page has that has it.
    private func first(
        _ page: (CloudMapClient, _ token: String?) async throws(CloudMapFailure) -> (found: String?, token: String?)
    ) async throws(CloudMapFailure) -> String? {
        var token: String?
        for _ in 0..<Self.mostPages {
            let (found, next) = try await page(client, token)
            if let found { return found }
            guard let next else { return nil }
            token = next
        }
        return nil
    }
}

extension CloudMapDirectory {
    struct Listed: Sendable {
        let name: Name
        let id: String
        let instances: Int
    }

    /// All services, by name. For people.
    func list() async throws(CloudMapFailure) -> [Listed] {
        var namespaces: [String: String] = [:]
        _ = try await first { client, token throws(CloudMapFailure) in
            let page = try await client.call(CloudMap.ListNamespaces.self, .init(nextToken: token, maxResults: 100))
            for namespace in page.namespaces ?? [] {
                if let id = namespace.id { namespaces[id] = namespace.properties?.httpProperties?.httpName ?? namespace.name }
            }
            return (nil, page.nextToken)
        }
        var listed: [Listed] = []
        for (namespaceID, namespace) in namespaces {
            _ = try await first { client, token throws(CloudMapFailure) in
                let page = try await client.call(
                    CloudMap.ListServices.self,
                    .init(
                        nextToken: token, maxResults: 100,
                        filters: [.init(name: "NAMESPACE_ID", values: [namespaceID], condition: .equals)]))
                for service in page.services ?? [] {
                    guard let name = service.name, let id = service.id else { continue }
                    listed.append(Listed(name: Name(namespace: namespace, service: name), id: id, instances: service.instanceCount ?? 0))
                }
                return (nil, page.nextToken)
            }
        }
        return listed.sorted { ($0.name.namespace, $0.name.service) < ($1.name.namespace, $1.name.service) }
    }
}
