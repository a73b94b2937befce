internal import CloudFormation

/// The addresses that a stack's instances will have.
struct TemplateAddresses {
    struct Named {
        let namespace: String
        let service: String
        let instance: String
        let kind: InstanceKind
        /// As an address prints it.
        let text: String
        let serviceDescription: String?
        let logicalID: String
        let mark: Mark
    }

    /// An instance whose address, or whose kind, the template does not say.
    struct Unnamed {
        let logicalID: String
        let reason: String
        let mark: Mark
    }

    private(set) var named: [Named] = []
    private(set) var unnamed: [Unnamed] = []
    private let names: KnownNames
    private let stack: ResolvedStack
    private let namespaces: [String: String]

    /// - Parameter namespaces: names by id, of namespaces that are not the template's.
    init(_ stack: ResolvedStack, namespaces: [String: String]) {
        self.stack = stack
        self.namespaces = namespaces
        names = KnownNames(stack)
        for resource in stack.resources where resource.type.name == Self.instanceType {
            do {
                named.append(try read(resource))
            } catch {
                unnamed.append(Unnamed(logicalID: resource.logicalID, reason: stack.conceal(error.reason), mark: resource.mark))
            }
        }
        named.sort { ($0.namespace, $0.service, $0.instance, $0.logicalID) < ($1.namespace, $1.service, $1.instance, $1.logicalID) }
        unnamed.sort { $0.logicalID < $1.logicalID }
    }

    private static let instanceType = "AWS::ServiceDiscovery::Instance"

    private struct Reason: Error {
        let reason: String

        init(_ reason: String) { self.reason = reason }
    }

    private func read(_ instance: ResolvedResource) throws(Reason) -> Named {
        guard names.properties(instance) != nil else { throw Reason("its properties are known only once other resources are made") }
        let service = try service(of: instance)
        guard let serviceName = names.name(service, "Name") else {
            throw Reason("the name of its service \(service.logicalID) \(unknown(service, "Name"))")
        }
        let namespace = try namespace(of: service)
        guard let id = names.name(instance, "InstanceId") else { throw Reason("its InstanceId \(unknown(instance, "InstanceId"))") }
        guard let text = AddressText.text(namespace: namespace, service: serviceName, instance: id) else {
            throw Reason("no address has such names: each has a character, none a control character, all at most 4,096 bytes")
        }
        let attributes = names.properties(instance)?["InstanceAttributes"]?.members?.compactMapValues(\.string) ?? [:]
        switch InstanceKind.reading(of: attributes) {
        case .unknown(let reason): throw Reason(reason)
        case .kind(let kind):
            return Named(
                namespace: namespace, service: serviceName, instance: id, kind: kind, text: text,
                serviceDescription: names.name(service, "Description").map(stack.conceal), logicalID: instance.logicalID,
                mark: instance.mark)
        }
    }

    private func service(of instance: ResolvedResource) throws(Reason) -> ResolvedResource {
        let id = names.properties(instance)?["ServiceId"]?.string
        if let id, let service = names.owner(of: id), service.type.name == "AWS::ServiceDiscovery::Service" { return service }
        throw Reason(
            "its ServiceId \(foreign(instance, "ServiceId", id)), a service whose name the template does not say: refer to one of its own")
    }

    private func namespace(of service: ResolvedResource) throws(Reason) -> String {
        let properties = names.properties(service)
        let inner = properties?["DnsConfig"]?.members?["NamespaceId"]?.string
        let property = properties?["NamespaceId"] == nil && inner != nil ? "DnsConfig" : "NamespaceId"
        guard let id = properties?["NamespaceId"]?.string ?? inner else {
            throw Reason("its service \(service.logicalID) says no namespace")
        }
        if let name = namespaces[id] { return name }
        if let namespace = names.owner(of: id), namespace.type.name.hasSuffix("Namespace") {
            if let name = names.name(namespace, "Name") { return name }
            throw Reason("the name of its namespace \(namespace.logicalID) \(unknown(namespace, "Name"))")
        }
        let isGiven = names.missing(service, property).isEmpty
        throw Reason(
            "the NamespaceId of its service \(service.logicalID) \(foreign(service, property, id)), a namespace whose name the template does "
                + "not say: \(isGiven ? "give it, as in --namespace \(id.printable)=NAME" : "refer to one of its own")")
    }

    // MARK: Sentences

    private func unknown(_ resource: ResolvedResource, _ property: String) -> String {
        guard let missing = names.missing(resource, property).first else { return "is not given, and is made up when it is deployed" }
        return "is known only once \(missing) is made"
    }

    private func foreign(_ resource: ResolvedResource, _ property: String, _ value: String?) -> String {
        if let missing = names.missing(resource, property).first { return "comes of \(missing)" }
        return "is `\(value?.printable ?? "")`"
    }
}
