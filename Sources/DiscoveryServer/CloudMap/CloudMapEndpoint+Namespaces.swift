internal import AWSProtocol
internal import Registry

extension CloudMapEndpoint {
    static var namespaceOperations: [(String, Operation)] {
        [
            operation(CloudMap.CreateHTTPNamespace.self) { call, input in
                try call.call.caller.check(.manage, input.name, "")
                let draft = Registry.NamespaceDraft(
                    name: input.name, kind: .http, description: input.description, tags: try input.tags.dictionary)
                return try await call.submit(.createNamespace(draft), requestID: input.creatorRequestID)
            },
            operation(CloudMap.CreatePrivateDNSNamespace.self) { call, input in
                try call.call.caller.check(.manage, input.name, "")
                let draft = Registry.NamespaceDraft(
                    name: input.name, kind: .privateDNS, description: input.description, vpc: input.vpc,
                    soaTTL: input.properties?.dnsProperties.soa.ttl, tags: try input.tags.dictionary)
                return try await call.submit(.createNamespace(draft), requestID: input.creatorRequestID)
            },
            operation(CloudMap.CreatePublicDNSNamespace.self) { call, input in
                try call.call.caller.check(.manage, input.name, "")
                let draft = Registry.NamespaceDraft(
                    name: input.name, kind: .publicDNS, description: input.description,
                    soaTTL: input.properties?.dnsProperties.soa.ttl, tags: try input.tags.dictionary)
                return try await call.submit(.createNamespace(draft), requestID: input.creatorRequestID)
            },
            operation(CloudMap.DeleteNamespace.self) { call, input in
                try await call.check(.manage, namespace: input.id)
                return try await call.submit(.deleteNamespace(id: input.id))
            },
            operation(CloudMap.UpdateHTTPNamespace.self) { call, input in
                try await call.check(.manage, namespace: input.id)
                let update = Registry.NamespaceUpdate(description: input.namespace.description)
                return try await call.submit(
                    .updateNamespace(id: input.id, kind: .http, update), requestID: input.updaterRequestID)
            },
            operation(CloudMap.UpdatePrivateDNSNamespace.self) { call, input in
                try await call.check(.manage, namespace: input.id)
                return try await call.submit(
                    .updateNamespace(id: input.id, kind: .privateDNS, .init(input.namespace)), requestID: input.updaterRequestID)
            },
            operation(CloudMap.UpdatePublicDNSNamespace.self) { call, input in
                try await call.check(.manage, namespace: input.id)
                return try await call.submit(
                    .updateNamespace(id: input.id, kind: .publicDNS, .init(input.namespace)), requestID: input.updaterRequestID)
            },
            operation(CloudMap.GetNamespace.self) { call, input in
                try await call.check(.resolve, namespace: input.id)
                let namespace = try await call.registry.namespace(input.id)
                let summary = call.summary(namespace)
                return .init(
                    namespace: .init(
                        id: summary.id, arn: summary.arn, resourceOwner: summary.resourceOwner, name: summary.name, type: summary.type,
                        description: summary.description, serviceCount: summary.serviceCount, properties: summary.properties,
                        createDate: summary.createDate, creatorRequestID: namespace.creatorRequestID))
            },
            operation(CloudMap.ListNamespaces.self) { call, input in
                // Who asks for one by its name needs no right to all: clients learn its id so.
                let name = input.filters?.first { $0.name == "HTTP_NAME" && $0.values.count == 1 && $0.condition ?? .equals == .equals }
                try call.call.caller.check(.resolve, name?.values.first ?? "", "")
                let page = try await call.registry.namespaces(
                    input.filters.registry, page: .init(limit: input.maxResults, token: input.nextToken))
                return .init(namespaces: page.elements.map(call.summary), nextToken: page.token)
            },
        ]
    }
}

extension CloudMapCall {
    fileprivate func summary(_ namespace: Registry.Namespace) -> CloudMap.NamespaceSummary {
        let dns = namespace.hostedZoneID.map { zone in
            CloudMap.DNSProperties(hostedZoneID: zone, soa: namespace.soaTTL.map { CloudMap.SOA(ttl: $0) })
        }
        return CloudMap.NamespaceSummary(
            id: namespace.id, arn: arn("namespace", namespace.id), resourceOwner: account, name: namespace.name,
            type: .init(rawValue: namespace.kind.rawValue), description: namespace.description, serviceCount: namespace.serviceCount,
            properties: .init(dnsProperties: dns, httpProperties: .init(httpName: namespace.httpName)),
            createDate: .init(milliseconds: namespace.created))
    }
}

extension Registry.NamespaceUpdate {
    fileprivate init(_ change: CloudMap.DNSNamespaceChange) {
        self.init(description: change.description, soaTTL: change.properties?.dnsProperties.soa.ttl)
    }
}
