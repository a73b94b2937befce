internal import CloudFormation

/// Addresses by namespace and service, with what each is called in Swift. No two in one place are called the same.
struct AddressTree {
    struct Namespace {
        let identifier: String
        let name: String
        var services: [Service] = []
    }

    struct Service {
        let identifier: String
        let name: String
        var constants: [Constant] = []
    }

    struct Constant {
        let identifier: String
        let address: TemplateAddresses.Named
    }

    private(set) var namespaces: [Namespace] = []

    /// - Parameter addresses: sorted, so that those of a service are together.
    /// - Returns: also those of which no identifier can be made.
    /// - Throws: that two are called the same, naming both.
    static func making(
        of addresses: [TemplateAddresses.Named], in template: String
    ) throws(Finding) -> (AddressTree, nameless: [TemplateAddresses.Unnamed]) {
        var tree = AddressTree()
        var nameless: [TemplateAddresses.Unnamed] = []
        var taken: [String: TemplateAddresses.Named] = [:]

        func take(_ scope: String, _ address: TemplateAddresses.Named, _ what: String, _ name: (TemplateAddresses.Named) -> String)
            throws(Finding)
        {
            guard let other = taken.updateValue(address, forKey: scope), name(other) != name(address) || what == "instances" else { return }
            let first = name(other), second = name(address)
            let said =
                first.utf8.elementsEqual(second.utf8)
                ? "\(other.logicalID) and \(address.logicalID) are both the instance `\(address.text.printable)`. Give one another InstanceId"
                : "The \(what) `\(first.printable)` and `\(second.printable)` would both be `\(scope.split(separator: "/").last ?? "")` in "
                    + "Swift. Rename one"
            throw Finding(.error, said + ".", in: template, at: address.mark)
        }

        for address in addresses {
            guard let namespace = SwiftName.type(address.namespace, suffix: "Namespace"),
                let service = SwiftName.type(address.service, suffix: "Service"), let constant = SwiftName.constant(address.instance)
            else {
                nameless.append(
                    .init(
                        logicalID: address.logicalID,
                        reason: "`\(address.text.printable)` has a name without a letter or a digit, and so has none in Swift",
                        mark: address.mark))
                continue
            }
            try take(namespace, address, "namespaces", \.namespace)
            try take("\(namespace)/\(service)", address, "services", \.service)
            try take("\(namespace)/\(service)/\(constant)", address, "instances", \.text)
            if tree.namespaces.last?.identifier != namespace {
                tree.namespaces.append(Namespace(identifier: namespace, name: address.namespace))
            }
            let last = tree.namespaces.count - 1
            if tree.namespaces[last].services.last?.identifier != service {
                tree.namespaces[last].services.append(Service(identifier: service, name: address.service))
            }
            let lastService = tree.namespaces[last].services.count - 1
            tree.namespaces[last].services[lastService].constants.append(Constant(identifier: constant, address: address))
        }
        return (tree, nameless)
    }
}
