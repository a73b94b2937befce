internal import AWSProtocol
internal import Registry

extension CloudMapEndpoint {
    static var serviceOperations: [(String, Operation)] {
        [
            operation(CloudMap.CreateService.self) { call, input in
                // The one in `DnsConfig` is the old place for it.
                guard let namespace = input.namespaceID ?? input.dnsConfig?.namespaceID else {
                    throw AWSFault(.invalidInput, "NamespaceId is missing, and required.")
                }
                try await call.check(.manage, namespace: namespace)
                let configuration = Registry.Service.Configuration(
                    description: input.description, dns: try .init(input.dnsConfig), healthCheck: try .init(input.healthCheckConfig),
                    hasCustomHealth: input.healthCheckCustomConfig != nil)
                let service = try await call.registry.createService(
                    namespaceID: namespace, name: input.name, configuration: configuration, type: input.type?.rawValue,
                    creatorRequestID: input.creatorRequestID, tags: try input.tags.dictionary)
                return .init(service: call.service(service))
            },
            operation(CloudMap.UpdateService.self) { call, input in
                try await call.check(.manage, service: input.id)
                let update = Registry.ServiceUpdate(
                    description: input.service.description, records: try records(input.service.dnsConfig?.dnsRecords),
                    healthCheck: try .init(input.service.healthCheckConfig))
                return try await call.submit(.updateService(id: input.id, update))
            },
            operation(CloudMap.DeleteService.self) { call, input in
                try await call.check(.manage, service: input.id)
                try await call.registry.deleteService(id: input.id)
                return .init()
            },
            operation(CloudMap.GetService.self) { call, input in
                try await call.check(.resolve, service: input.id)
                return .init(service: call.service(try await call.registry.service(input.id)))
            },
            operation(CloudMap.ListServices.self) { call, input in
                let namespace = input.filters?.first { $0.name == "NAMESPACE_ID" && $0.values.count == 1 }?.values.first
                if let namespace { try await call.check(.resolve, namespace: namespace) } else { try call.check(.resolve) }
                let page = try await call.registry.services(
                    input.filters.registry, page: .init(limit: input.maxResults, token: input.nextToken))
                return .init(services: page.elements.map(call.summary), nextToken: page.token)
            },
            operation(CloudMap.GetServiceAttributes.self) { call, input in
                try await call.check(.resolve, service: input.serviceID)
                let (id, attributes) = try await call.registry.serviceAttributes(input.serviceID)
                return .init(
                    serviceAttributes: .init(serviceARN: call.arn("service", id), resourceOwner: call.account, attributes: attributes))
            },
            operation(CloudMap.UpdateServiceAttributes.self) { call, input in
                try await call.check(.manage, service: input.serviceID)
                try await call.registry.updateServiceAttributes(input.serviceID, input.attributes)
                return .init()
            },
            operation(CloudMap.DeleteServiceAttributes.self) { call, input in
                try await call.check(.manage, service: input.serviceID)
                try await call.registry.deleteServiceAttributes(input.serviceID, input.attributes)
                return .init()
            },
        ]
    }

    /// Time to live by type; `nil` for none.
    static func records(_ records: [CloudMap.DNSRecord]?) throws(AWSFault) -> [Registry.DNSConfiguration.Record: Int]? {
        guard let records, !records.isEmpty else { return nil }
        var known: [Registry.DNSConfiguration.Record: Int] = [:]
        for record in records {
            guard let type = Registry.DNSConfiguration.Record(rawValue: record.type.rawValue) else {
                throw AWSFault(.invalidInput, "A record's type is A, AAAA, SRV or CNAME.")
            }
            guard known.updateValue(record.ttl, forKey: type) == nil else {
                throw AWSFault(.invalidInput, "There are two \(type.rawValue) records. Leave one.")
            }
        }
        return known
    }
}

extension Registry.DNSConfiguration {
    fileprivate init?(_ config: CloudMap.DNSConfig?) throws(AWSFault) {
        guard let config, let records = try CloudMapEndpoint.records(config.dnsRecords) else { return nil }
        guard let routing = Routing(rawValue: config.routingPolicy?.rawValue ?? Routing.multivalue.rawValue) else {
            throw AWSFault(.invalidInput, "A routing policy is MULTIVALUE or WEIGHTED.")
        }
        self.init(records: records, routing: routing)
    }
}

extension Registry.HealthCheck {
    fileprivate init?(_ config: CloudMap.HealthCheckConfig?) throws(AWSFault) {
        guard let config else { return nil }
        guard let kind = Kind(rawValue: config.type.rawValue) else {
            throw AWSFault(.invalidInput, "A health check's type is HTTP, HTTPS or TCP.")
        }
        self.init(kind: kind, path: config.resourcePath)
        threshold = config.failureThreshold ?? threshold
    }
}

extension CloudMapCall {
    fileprivate func service(_ service: Registry.Service) -> CloudMap.Service {
        let summary = summary(service)
        var dns = summary.dnsConfig
        dns?.namespaceID = service.namespaceID
        return CloudMap.Service(
            id: summary.id, arn: summary.arn, resourceOwner: summary.resourceOwner, name: summary.name, namespaceID: service.namespaceID,
            description: summary.description, instanceCount: summary.instanceCount, dnsConfig: dns, type: summary.type,
            healthCheckConfig: summary.healthCheckConfig, healthCheckCustomConfig: summary.healthCheckCustomConfig,
            createDate: summary.createDate, creatorRequestID: service.creatorRequestID, createdByAccount: account)
    }

    fileprivate func summary(_ service: Registry.Service) -> CloudMap.ServiceSummary {
        let configuration = service.configuration
        let dns = configuration.dns.map { dns in
            CloudMap.DNSConfig(
                dnsRecords: dns.records.sorted { $0.key.rawValue < $1.key.rawValue }
                    .map { CloudMap.DNSRecord(type: .init(rawValue: $0.key.rawValue), ttl: $0.value) },
                routingPolicy: .init(rawValue: dns.routing.rawValue))
        }
        let check = configuration.healthCheck.map {
            CloudMap.HealthCheckConfig(
                type: .init(rawValue: $0.kind.rawValue), resourcePath: $0.path ?? ($0.kind == .tcp ? nil : "/"),
                failureThreshold: $0.threshold)
        }
        return CloudMap.ServiceSummary(
            id: service.id, arn: arn("service", service.id), resourceOwner: account, name: service.name,
            type: .init(rawValue: configuration.type), description: configuration.description, instanceCount: service.instanceCount,
            dnsConfig: dns, healthCheckConfig: check,
            // Whatever was asked for: Cloud Map takes 1.
            healthCheckCustomConfig: configuration.hasCustomHealth ? .init(failureThreshold: 1) : nil,
            createDate: .init(milliseconds: service.created), createdByAccount: account)
    }
}
