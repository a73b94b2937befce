internal import CloudFormation

/// Writes the constants down.
struct SwiftFile {
    /// The template's file, without its folder.
    let template: String
    let options: GenerationOptions
    /// Hides secrets.
    let shown: (String) -> String

    func text(_ tree: AddressTree, _ unnamed: [TemplateAddresses.Unnamed]) -> String {
        let access = options.access.modifier
        var lines = [
            "// swift-format-ignore-file",
            "// The addresses of \(template). Do not change this file, change the template; this made it:",
            "// " + (["discovery", "generate", "swift", template] + options.arguments(shown: shown)).map(quoted).joined(separator: " "),
            "",
        ]
        lines += imports
        var depth = 0

        func add(_ line: String) { lines.append(String(repeating: "    ", count: depth) + line) }
        func open(_ identifier: String, _ comment: String) {
            if lines.last != "", lines.last?.hasSuffix("{") == false { lines.append("") }
            add("/// \(comment)")
            add("\(access)enum \(identifier) {")
            depth += 1
        }
        func close() {
            depth -= 1
            add("}")
        }

        if let enclosing = options.enclosingEnum { open(enclosing, "The addresses of `\(template)`.") }
        for namespace in tree.namespaces {
            open(namespace.identifier, "The namespace `\(namespace.name.printable)`.")
            for service in namespace.services {
                open(service.identifier, "The service `\(service.name.printable)`.")
                for constant in service.constants {
                    let address = constant.address
                    let words = (address.serviceDescription ?? "").printable
                    add("/// `\(address.text.printable)`, a \(address.kind.rawValue)\(words.isEmpty ? "." : ": \(words)")")
                    add("\(access)static let \(constant.identifier)\(Self.value(address))")
                }
                close()
            }
            close()
        }
        if options.enclosingEnum != nil { close() }
        if tree.namespaces.isEmpty && unnamed.isEmpty { lines += ["", "// The template has no instances."] }
        if !unnamed.isEmpty { lines.append("") }
        for instance in unnamed {
            lines.append("// \(instance.logicalID), line \(instance.mark.line), has no constant: \(instance.reason.printable).")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// An import that says `package` would make those that say nothing ambiguous, in other files of a module where they are public.
    private var imports: [String] {
        switch options.access {
        case .internal: ["import DiscoveryKit"]
        case .public: ["public import DiscoveryKit"]
        case .package:
            ["#if hasFeature(InternalImportsByDefault)", "package import DiscoveryKit", "#else", "import DiscoveryKit", "#endif"]
        }
    }

    /// Kinds without operations of their own are addresses like any other.
    private static func value(_ address: TemplateAddresses.Named) -> String {
        let literal = SwiftName.literal(address.text)
        return switch address.kind {
        case .function: " = Address.Function(\(literal))"
        case .queue: " = Address.Queue(\(literal))"
        case .topic: " = Address.Topic(\(literal))"
        case .workflow, .script: ": Address = \(literal)"
        }
    }

    /// An argument as a shell takes it.
    private func quoted(_ argument: String) -> String {
        let argument = argument.printable
        let isPlain = argument.utf8.allSatisfy { byte in
            byte >= 0x80 || "-_./:=,@+%".utf8.contains(byte) || Character(Unicode.Scalar(byte)).isLetter
                || Character(Unicode.Scalar(byte)).isNumber
        }
        return isPlain && !argument.isEmpty ? argument : "'" + argument.replacing("'", with: #"'\''"#) + "'"
    }
}
