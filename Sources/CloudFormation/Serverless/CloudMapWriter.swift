/// Writes the template: the resources of the file, and those that its block of Cloud Map stands for.
struct CloudMapWriter {
    let variables: ServerlessVariables
    private var sections: [SourceNode.Entry] = []
    private var resources: [SourceNode.Entry] = []
    /// The namespaces that are named, not given by id, and what they are called in the template.
    private var namespaces: [String: String] = [:]

    init(variables: ServerlessVariables) { self.variables = variables }

    mutating func template(of root: SourceNode) throws(TemplateError) -> SourceNode {
        if let section = root["resources"] { try takeResources(try variables.resolved(section, .root / "resources")) }
        let path = .root / "custom" / "cloudmap"
        if let block = try variables.value(at: ["custom", "cloudmap"]) {
            let block = try variables.resolved(block, path)
            // An older form has one service, with the instances beside it.
            if let service = block["service"] {
                try write(service, instances: block["instances"], path / "service")
            }
            for (index, service) in (block["services"]?.elements ?? []).enumerated() {
                try write(service, instances: service["instances"], path / "services" / index)
            }
        }
        try takeFunctions(root)
        guard !resources.isEmpty else {
            throw TemplateError(
                .structure, "There is neither a block custom.cloudmap with services nor a section resources.", at: root.mark)
        }
        sections.append(entry("Resources", .mapping(resources), root.mark))
        return SourceNode(content: .mapping(sections), mark: root.mark)
    }

    // MARK: The file's own resources

    /// The section is a template, or a list of them.
    private mutating func takeResources(_ node: SourceNode) throws(TemplateError) {
        var merged: [(key: String, mark: Mark, entries: [SourceNode.Entry])] = []
        for part in node.elements ?? [node] where !part.isNull {
            guard let entries = part.entries else {
                throw TemplateError(.structure, "resources must be an object, and is \(part.kind).", at: part.mark, .root / "resources")
            }
            for section in entries where section.key != "extensions" {
                if section.key == "Resources" {
                    for resource in section.value.entries ?? [] { try add(resource) }
                } else if let index = merged.firstIndex(where: { $0.key == section.key }) {
                    merged[index].entries += section.value.entries ?? []
                } else if let members = section.value.entries {
                    merged.append((section.key, section.mark, members))
                } else {
                    sections.append(section)
                }
            }
        }
        sections += merged.map { entry($0.key, .mapping($0.entries), $0.mark) }
    }

    private mutating func add(_ resource: SourceNode.Entry) throws(TemplateError) {
        if let other = resources.first(where: { $0.key == resource.key }) {
            throw TemplateError.duplicateKey(resource.key, first: other.mark, at: resource.mark, .root / "Resources")
        }
        resources.append(resource)
    }

    // MARK: Cloud Map

    private mutating func write(_ service: SourceNode, instances: SourceNode?, _ path: Path) throws(TemplateError) {
        let fields = try Fields(service, ["cfname", "name", "namespace", "description", "instances"], path)
        guard let id = try fields.text("cfname") else { throw missing("cfname", service, path) }
        guard let name = service["name"] else { throw missing("name", service, path) }
        guard let namespace = service["namespace"] else { throw missing("namespace", service, path) }
        var properties = [entry("Name", name), entry("NamespaceId", try self.namespace(namespace))]
        if let description = service["description"] { properties.append(entry("Description", description)) }
        try add(resource(id, "AWS::ServiceDiscovery::Service", properties, at: service["cfname"]?.mark ?? service.mark))
        guard let instances else { return }
        guard let elements = instances.elements else {
            throw TemplateError(.structure, "instances must be a list, and is \(instances.kind).", at: instances.mark, path / "instances")
        }
        for (index, instance) in elements.enumerated() { try write(instance, of: id, path / "instances" / index) }
    }

    private mutating func write(_ instance: SourceNode, of service: String, _ path: Path) throws(TemplateError) {
        let fields = try Fields(instance, ["cfname", "name", "id", "arn", "url", "cname", "config"], path)
        guard let id = try fields.text("cfname") else { throw missing("cfname", instance, path) }
        guard let instanceID = instance["id"] ?? instance["name"] else { throw missing("name", instance, path) }
        let config = instance["config"].flatMap { $0.isNull ? nil : $0 }
        guard config == nil || config?.entries != nil else {
            throw TemplateError(.structure, "config must be an object.", at: config?.mark ?? instance.mark, path / "config")
        }
        var attributes = config?.entries ?? []
        func add(_ key: String, _ value: SourceNode?) {
            if let value, !value.isNull, !attributes.contains(where: { $0.key == key }) { attributes.append(entry(key, value)) }
        }
        add("arn", instance["arn"])
        add("url", instance["url"])
        add("AWS_INSTANCE_CNAME", instance["cname"])
        add("handler", instance["name"])
        add("type", text(type(of: instance["arn"]), at: instance.mark))
        let properties = [
            entry("InstanceAttributes", .mapping(attributes), config?.mark ?? instance.mark),
            entry("InstanceId", instanceID),
            entry("ServiceId", .mapping([entry("Ref", text(service, at: instance.mark))]), instance.mark),
        ]
        try self.add(resource(id, "AWS::ServiceDiscovery::Instance", properties, at: instance["cfname"]?.mark ?? instance.mark))
    }

    /// The id as it is; for a name, a reference to the namespace, which is made with the first that names it.
    private mutating func namespace(_ node: SourceNode) throws(TemplateError) -> SourceNode {
        guard let name = node.string, !name.hasPrefix("ns-") else { return node }
        if namespaces[name] == nil {
            let plain = name.unicodeScalars.filter { $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0)) }
            let wanted = "Namespace" + String(String.UnicodeScalarView(plain))
            var id = wanted
            var suffix = 2
            while namespaces.values.contains(id) || resources.contains(where: { $0.key == id }) {
                id = "\(wanted)x\(suffix)"
                suffix += 1
            }
            namespaces[name] = id
            try add(resource(id, "AWS::ServiceDiscovery::HttpNamespace", [entry("Name", node)], at: node.mark))
        }
        return SourceNode(content: .mapping([entry("Ref", text(namespaces[name] ?? name, at: node.mark))]), mark: node.mark)
    }

    private func type(of arn: SourceNode?) -> String {
        var type = "function"
        if let text = arn?.string {
            let parts = text.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
            switch parts.count > 2 && parts[0] == "arn" ? parts[2] : "" {
            case "sqs": type = "queue"
            case "sns": type = "topic"
            case "states": type = "workflow"
            case "ssm": type = "script"
            default: break
            }
        } else if let call = arn?.call, let id = call.argument.string ?? call.argument.elements?.first?.string,
            let resource = resources.first(where: { $0.key == id })
        {
            switch resource.value["Type"]?.string {
            case "AWS::SQS::Queue": type = "queue"
            case "AWS::SNS::Topic": type = "topic"
            case "AWS::StepFunctions::StateMachine": type = "workflow"
            default: break
            }
        }
        return type
    }

    // MARK: Functions

    /// Functions that something refers to by the names that Serverless gives their resources.
    private mutating func takeFunctions(_ root: SourceNode) throws(TemplateError) {
        let written = resources + sections
        for function in root["functions"]?.entries ?? [] {
            let id = Self.resourceName(of: function.key)
            guard written.contains(where: { $0.value.names(id) }), !resources.contains(where: { $0.key == id }) else { continue }
            let path = .root / "functions" / function.key
            let node = try variables.resolved(function.value, path)
            var properties: [SourceNode.Entry] = []
            func add(_ key: String, _ value: SourceNode?) { if let value, !value.isNull { properties.append(entry(key, value)) } }
            let full = "\(try variables.text(at: ["service"]) ?? "service")-\(try variables.stage())-\(function.key)"
            add("FunctionName", node["name"] ?? text(full, at: function.mark))
            add("Handler", node["handler"])
            for (key, name) in [("Runtime", "runtime"), ("Timeout", "timeout"), ("MemorySize", "memorySize")] {
                let shared = try variables.value(at: ["provider", name])
                add(key, node[name] ?? shared)
            }
            add("Description", node["description"])
            let own = node["environment"]?.entries ?? []
            var shared: [SourceNode.Entry] = []
            if let node = try variables.value(at: ["provider", "environment"]) {
                shared = try variables.resolved(node, path).entries ?? []
            }
            let all = own + shared.filter { entry in !own.contains { $0.key == entry.key } }
            if !all.isEmpty {
                add("Environment", SourceNode(content: .mapping([entry("Variables", .mapping(all), function.mark)]), mark: function.mark))
            }
            // Serverless makes a role and uploads the code; neither is here.
            add("Role", text("serverless", at: function.mark))
            add("Code", SourceNode(content: .mapping([entry("ZipFile", text("", at: function.mark))]), mark: function.mark))
            try self.add(resource(id, "AWS::Lambda::Function", properties, at: function.mark))
        }
    }

    /// `get-job` is `GetDashjobLambdaFunction` to Serverless.
    static func resourceName(of function: String) -> String {
        let plain = function.map { $0 == "-" ? "Dash" : $0 == "_" ? "Underscore" : String($0) }.joined()
        return plain.prefix(1).uppercased() + plain.dropFirst() + "LambdaFunction"
    }

    // MARK: Nodes

    private func resource(_ id: String, _ type: String, _ properties: [SourceNode.Entry], at mark: Mark) -> SourceNode.Entry {
        entry(id, .mapping([entry("Type", text(type, at: mark)), entry("Properties", .mapping(properties), mark)]), mark)
    }

    private func entry(_ key: String, _ value: SourceNode) -> SourceNode.Entry { .init(key: key, mark: value.mark, value: value) }

    private func entry(_ key: String, _ content: SourceNode.Content, _ mark: Mark) -> SourceNode.Entry {
        .init(key: key, mark: mark, value: SourceNode(content: content, mark: mark))
    }

    private func text(_ text: String, at mark: Mark) -> SourceNode { SourceNode(content: .scalar(.text(text)), mark: mark) }

    private func missing(_ key: String, _ node: SourceNode, _ path: Path) -> TemplateError {
        TemplateError(.missingProperty, "\(key) is missing.", at: node.mark, path)
    }
}

extension SourceNode {
    /// Whether a text in here holds this name.
    fileprivate func names(_ name: String) -> Bool {
        switch content {
        case .scalar(let value): value.string.map { Intrinsic.split($0, at: name).count > 1 } ?? false
        case .list(let elements): elements.contains { $0.names(name) }
        case .mapping(let entries): entries.contains { $0.value.names(name) }
        }
    }
}
