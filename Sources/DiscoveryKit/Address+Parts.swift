extension Address {
    /// What an address says, taken apart.
    package struct Parts: Sendable, Hashable {
        /// `nil` stands for the configured default namespace.
        package var namespace: String?
        package var service: String
        /// Sorted by key when they come out of an address.
        package var filters: [Filter]
        package var instance: Instance

        package init(namespace: String? = nil, service: String, filters: [Filter] = [], instance: Instance = .only) {
            self.namespace = namespace
            self.service = service
            self.filters = filters
            self.instance = instance
        }
    }

    /// Takes the address apart. It is parsed each time: a resolver looks addresses up whole, and needs the parts only of one it does not
    /// know.
    ///
    /// - Throws: the fault of a malformed address.
    package func parts() throws(DiscoveryError) -> Parts {
        if let fault { throw fault }
        if let plain = Parts(plain: text) { return plain }
        var parser = Parser(text)
        do {
            return try parser.address()
        } catch {
            throw error.discoveryError(of: text)
        }
    }
}

extension Address.Parts {
    /// The parts of an address of bare names and no filters, as most are: it need only be cut.
    init?(plain text: String) {
        var text = text
        let parts: Self? = text.withUTF8 { bytes in
            guard Address.isPlain(bytes) else { return nil }
            let arrow = bytes.firstIndex(of: .greater).map { $0 - 1 }
            let name = bytes[..<(arrow ?? bytes.endIndex)]
            let dot = name.lastIndex(of: .dot)
            var instance = Address.Instance.only
            if let arrow {
                let id = bytes[(arrow + 2)...]
                instance = id.first == UInt8(ascii: "*") ? .any : .id(String(decoding: id, as: UTF8.self))
            }
            return Self(
                namespace: dot.map { String(decoding: name[..<$0], as: UTF8.self) },
                service: String(decoding: name[(dot.map { $0 + 1 } ?? 0)...], as: UTF8.self), instance: instance)
        }
        guard let parts else { return nil }
        self = parts
    }

    /// The canonical text, if these are the parts of a well-formed address. Of others it is a text that does not parse, so that one gate
    /// finds every fault; and it grows beyond no bound, whatever the parts hold.
    var text: String {
        var text = ""
        if let namespace {
            append(namespace, to: &text, isBare: isBareNamespace)
            text += "."
        }
        append(service, to: &text, isBare: isBareService)
        if !filters.isEmpty {
            text += "["
            for (position, filter) in filters.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }).enumerated() {
                if position > 0 { text += "," }
                if !filter.isRequired { text += "?" }
                append(filter.key, to: &text, isBare: isBareOrDot)
                text += "="
                append(filter.value, to: &text, isBare: isBareOrDot)
                if text.utf8.count > Address.maximumLength { break }
            }
            text += "]"
        }
        switch instance {
        case .only: break
        case .any: text += "->*"
        case .id(let id):
            text += "->"
            append(id, to: &text, isBare: isBareOrDot)
        }
        return text
    }

    private func append(_ name: String, to text: inout String, isBare: (String.UTF8View) -> Bool) {
        if name.utf8.count <= Address.maximumLength, isBare(name.utf8) {
            text += name
        } else {
            text += "\""
            text.appendEscaped(name)
            text += "\""
        }
    }
}

private func isBareOrDot(_ name: String.UTF8View) -> Bool {
    !name.isEmpty && name.allSatisfy { $0.isBareInAddress || $0 == .dot }
}

/// A bare namespace must not hold what begins a service.
private func isBareNamespace(_ name: String.UTF8View) -> Bool {
    let labels = name.split(separator: .dot, omittingEmptySubsequences: false)
    guard labels.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isBareInAddress) }) else { return false }
    return !zip(labels, labels.dropFirst()).contains { startsWithProtocol($0, $1) }
}

/// A bare service holds dots only if it starts `_x._tcp`. One that starts with a protocol is quoted, lest it join a namespace that ends
/// `._x`.
private func isBareService(_ name: String.UTF8View) -> Bool {
    let labels = name.split(separator: .dot, omittingEmptySubsequences: false)
    guard labels.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isBareInAddress) }), !isProtocol(labels[0]) else { return false }
    return labels.count == 1 || startsWithProtocol(labels[0], labels[1])
}

private func startsWithProtocol(_ first: Substring.UTF8View, _ second: Substring.UTF8View) -> Bool {
    first.count > 1 && first.first == .underscore && isProtocol(second)
}

private func isProtocol(_ label: Substring.UTF8View) -> Bool {
    label.elementsEqual("_tcp".utf8) || label.elementsEqual("_udp".utf8)
}

extension String {
    /// Appends a name as it stands between quotes, cut if no address could hold it.
    mutating func appendEscaped(_ name: some StringProtocol) {
        let kept = name.utf8.count > Address.maximumLength ? name.cutToTooLong : String(name)
        guard kept.utf8.contains(where: { $0 == .quote || $0 == .backslash }) else {
            self += kept
            return
        }
        for scalar in kept.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { unicodeScalars.append("\\") }
            unicodeScalars.append(scalar)
        }
    }
}

extension StringProtocol {
    /// Enough of a text of any length that it is still too long for an address, and so cannot be mistaken for one.
    var cutToTooLong: String {
        var kept = String.UnicodeScalarView()
        kept.append(contentsOf: unicodeScalars.prefix(Address.maximumLength))
        return String(kept) + "…"
    }
}

extension UInt8 {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let dot = UInt8(ascii: ".")
    static let hyphen = UInt8(ascii: "-")
    static let greater = UInt8(ascii: ">")
    static let underscore = UInt8(ascii: "_")

    /// Whether it may stand in any name without quotes.
    var isBareInAddress: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        // Those Cloud Map takes in instance ids, and two that version numbers and home directories have.
        case .underscore, .hyphen, UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "+"), UInt8(ascii: "~"): true
        default: false
        }
    }
}
