/// The text of an address that names one instance, spelt as the library prints it.
enum AddressText {
    /// In bytes.
    static let maximumLength = 4_096

    /// `nil` where no address has such parts: an empty name, a control character, too long a text.
    static func text(namespace: String, service: String, instance: String) -> String? {
        let names = [namespace, service, instance]
        guard names.allSatisfy({ !$0.isEmpty && !$0.unicodeScalars.contains(where: isControl) }) else { return nil }
        let text =
            quoted(namespace, unless: isBareNamespace) + "." + quoted(service, unless: isBareService) + "->"
            + quoted(instance, unless: isBareOrDot)
        return text.utf8.count <= maximumLength ? text : nil
    }

    private static func quoted(_ name: String, unless isBare: (String) -> Bool) -> String {
        guard !isBare(name) else { return name }
        var quoted = "\""
        for scalar in name.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control || scalar == "\u{2028}" || scalar == "\u{2029}"
    }

    private static func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "_-/:@+~".utf8.contains(byte)
        }
    }

    private static func isBareOrDot(_ name: String) -> Bool { name.utf8.allSatisfy { isBare($0) || $0 == UInt8(ascii: ".") } }

    /// The labels of a name that needs no quotes for its characters.
    private static func labels(_ name: String) -> [Substring.UTF8View]? {
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.allSatisfy { !$0.isEmpty && $0.allSatisfy(isBare) } ? labels : nil
    }

    /// A bare namespace must not hold what begins a service, such as `_http._tcp`.
    private static func isBareNamespace(_ name: String) -> Bool {
        labels(name).map { labels in !zip(labels, labels.dropFirst()).contains(where: startsWithProtocol) } ?? false
    }

    private static func isBareService(_ name: String) -> Bool {
        guard let labels = labels(name), !isProtocol(labels[0]) else { return false }
        return labels.count == 1 || startsWithProtocol(labels[0], labels[1])
    }

    private static func startsWithProtocol(_ first: Substring.UTF8View, _ second: Substring.UTF8View) -> Bool {
        first.count > 1 && first.first == UInt8(ascii: "_") && isProtocol(second)
    }

    private static func isProtocol(_ label: Substring.UTF8View) -> Bool {
        label.elementsEqual("_tcp".utf8) || label.elementsEqual("_udp".utf8)
    }
}
