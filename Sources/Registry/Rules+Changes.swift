/// What a change may say, as far as that can be told without looking what there is.
extension Rules {
    static func check(_ change: Registry.Change) throws(RegistryError) {
        switch change {
        case .createNamespace(let draft):
            try check(draft)
            guard draft.kind != .privateDNS || draft.vpc != nil else {
                throw invalid("A private DNS namespace needs a Vpc: the id of the network that its names are for.")
            }
        case .deleteNamespace: return
        case .updateNamespace(_, let kind, let update):
            try checkText(update.description, of: "A description", limit: 1_024)
            try checkTTL(update.soaTTL)
            guard kind != .http else {
                guard update.description != nil else { throw invalid("The update of an HTTP namespace needs a Description.") }
                guard update.soaTTL == nil else { throw invalid("An HTTP namespace has no SOA record.") }
                return
            }
        case .updateService(_, let update):
            try checkText(update.description, of: "A description", limit: 1_024)
        case .registerInstance(let id, _, let attributes):
            try checkInstance(id: id)
            let attributes = Registry.Attributes(attributes)
            try checkSizes(attributes)
            _ = try heartbeat(attributes)
        case .deregisterInstance(let id, _, _): try checkInstance(id: id)
        }
    }

    static func check(_ draft: Registry.NamespaceDraft) throws(RegistryError) {
        try checkNamespace(name: draft.name, kind: draft.kind)
        try checkText(draft.description, of: "A description", limit: 1_024)
        try checkTTL(draft.soaTTL)
        guard draft.kind != .http || draft.soaTTL == nil else { throw invalid("An HTTP namespace has no SOA record.") }
        if let vpc = draft.vpc {
            guard draft.kind == .privateDNS else { throw invalid("A Vpc is for private DNS namespaces only.") }
            guard (1...64).contains(vpc.utf8.count), TextScan.isGraphic(vpc) else {
                throw invalid("A Vpc is an id such as `vpc-0123456789abcdef0`; \(quoted(vpc)) is none.")
            }
        }
        try checkTags(draft.tags)
    }

    static func checkTTL(_ seconds: Int?) throws(RegistryError) {
        guard let seconds, !(0...2_147_483_647).contains(seconds) else { return }
        throw invalid("A time to live is 0 to 2,147,483,647 seconds, not \(seconds).")
    }

    /// The configuration that UpdateService makes of one.
    static func updated(
        _ old: Registry.Service.Configuration, by update: Registry.ServiceUpdate, in namespace: Registry.Namespace.Kind
    ) throws(RegistryError) -> Registry.Service.Configuration {
        guard namespace != .http else { throw invalid("A service in an HTTP namespace cannot be updated. Delete it and make it anew.") }
        var new = old
        new.description = update.description ?? old.description
        new.healthCheck = update.healthCheck
        if let check = update.healthCheck, let before = old.healthCheck, check.kind != before.kind {
            throw invalid("The type of a health check cannot be changed: it is \(before.kind.rawValue).")
        }
        let records = update.records ?? [:]
        let known = Set((old.dns?.records ?? [:]).keys)
        guard known.isSuperset(of: records.keys) else {
            let types = known.map(\.rawValue).sorted().joined(separator: " and ")
            throw invalid("The types of a service's records cannot be changed: it has \(types.isEmpty ? "none" : types).")
        }
        new.dns = records.isEmpty ? nil : old.dns.map { .init(records: records, routing: $0.routing) }
        try check(new, in: namespace)
        return new
    }

    // MARK: Tags and attributes of services

    static let maximumTags = 50

    static func checkTags(_ tags: [String: String]) throws(RegistryError) {
        guard tags.count <= maximumTags else { throw tooManyTags(tags.count) }
        for (key, value) in tags {
            try checkTag(key)
            guard value.unicodeScalars.count <= 256 else { throw invalid("The value of a tag has at most 256 characters.") }
        }
    }

    /// Keys of tags, as they are removed.
    static func checkTags(keys: [String]) throws(RegistryError) {
        guard keys.count <= 200 else { throw invalid("At most 200 tags are removed at once, not \(keys.count).") }
        for key in keys { try checkTag(key) }
    }

    static func checkTag(_ key: String) throws(RegistryError) {
        guard (1...128).contains(key.unicodeScalars.count) else { throw invalid("The key of a tag has 1 to 128 characters.") }
        guard !key.lowercased().hasPrefix("aws:") else { throw invalid("\(quoted(key)): tags that start with `aws:` are AWS's own.") }
    }

    static func tooManyTags(_ count: Int) -> RegistryError {
        RegistryError(.tooManyTags, "A resource has at most \(maximumTags) tags, this one would have \(count).")
    }

    static let maximumServiceAttributes = 30

    /// Keys of a service's attributes, as they are deleted.
    static func checkServiceAttributes(keys: [String]) throws(RegistryError) {
        guard (1...maximumServiceAttributes).contains(keys.count) else {
            throw invalid("1 to \(maximumServiceAttributes) attributes are deleted at once, not \(keys.count).")
        }
        guard keys.allSatisfy({ (1...255).contains($0.unicodeScalars.count) }) else {
            throw invalid("An attribute's key has 1 to 255 characters.")
        }
    }

    static func checkServiceAttributes(_ attributes: [String: String]) throws(RegistryError) {
        for (key, value) in attributes {
            guard (1...255).contains(key.unicodeScalars.count) else { throw invalid("An attribute's key has 1 to 255 characters.") }
            guard value.unicodeScalars.count <= 1_024 else { throw invalid("An attribute's value has at most 1,024 characters.") }
        }
    }
}
