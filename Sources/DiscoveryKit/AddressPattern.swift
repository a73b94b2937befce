/// Which addresses an override is about: an address in which `*` stands for any run of characters.
///
/// ```
/// pattern = services [ "->" instances ]
/// ```
///
/// - The text divides at the first `->`. What is left of it is held against `namespace.service`, with the default namespace filled in;
///   what is right of it against the instance's id, against `*` for an address that names any, and against nothing for one that names
///   none. Without `->` the instance does not matter.
/// - `*` is any run of characters, dots and the empty one included. Nothing else is special: names are raw, without quotes, case matters,
///   and filters are not looked at.
/// - 1 to ``maximumLength`` bytes, printable.
///
/// So `ais.*` is everything in the namespace `ais` and in those whose names begin `ais.`; `ais.scheduler->get-*` is some of a service's
/// instances, named one by one; `ais.scheduler->` is the service named without an instance.
///
/// A literal never traps: a malformed one keeps its fault, which the first operation that is given it throws. Any other `String` goes
/// through ``init(parsing:)``.
public struct AddressPattern: Sendable {
    /// The most bytes of UTF-8 a pattern may have: 512.
    public static let maximumLength = 512

    /// The text as it was given, cut when it is longer than any pattern may be.
    package let text: String
    /// What is wrong with a malformed pattern, `.configuration`; `nil` for a well-formed one.
    package let fault: DiscoveryError?
    private let services: [UInt8]
    private let instances: [UInt8]?

    /// Reads a text from outside the program.
    ///
    /// - Throws: `.configuration`, which says what a pattern is.
    public init(parsing text: some StringProtocol) throws(DiscoveryError) {
        self.init(checking: text)
        try check()
    }

    private init(checking text: some StringProtocol) {
        let isTooLong = text.utf8.count > Self.maximumLength
        let kept = isTooLong ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(Self.maximumLength))) + "…" : String(text)
        let bytes = Array(kept.utf8)
        let arrow = zip(bytes, bytes.dropFirst()).enumerated().first { $1 == (.hyphen, .greater) }?.offset
        self.text = kept
        services = Array(bytes[..<(arrow ?? bytes.count)])
        instances = arrow.map { Array(bytes[($0 + 2)...]) }
        let complaint: String? =
            if isTooLong {
                "it has more than \(Self.maximumLength) bytes"
            } else if services.isEmpty {
                bytes.isEmpty ? "it is empty" : "it names no service"
            } else if !kept.unicodeScalars.allSatisfy(\.isPrintable) {
                "it holds a character that cannot be printed"
            } else {
                nil
            }
        fault = complaint.map {
            DiscoveryError(
                .configuration,
                "`\(kept.excerpt())` is no pattern of addresses: \($0). Write one such as `ais.*` or `ais.scheduler->get-*`.")
        }
    }

    /// - Throws: the fault of a malformed literal.
    package func check() throws(DiscoveryError) {
        if let fault { throw fault }
    }

    /// Whether an address is meant whose names are these, raw. A malformed pattern means none.
    package func matches(namespace: String, service: String, instance: Address.Instance) -> Bool {
        guard matches(namespace: namespace, service: service) else { return false }
        guard let instances else { return true }
        return switch instance {
        case .only: Self.matches(instances, [])
        case .any: Self.matches(instances, [.asterisk])
        case .id(let id): Self.matches(instances, Array(id.utf8))
        }
    }

    /// Whether an address of `namespace` is meant that was taken apart into these.
    package func matches(_ parts: Address.Parts, in namespace: String) -> Bool {
        matches(namespace: namespace, service: parts.service, instance: parts.instance)
    }

    /// Whether addresses of this service may be meant, whatever their instance.
    package func matches(namespace: String, service: String) -> Bool {
        fault == nil && Self.matches(services, Array(namespace.utf8) + [.dot] + Array(service.utf8))
    }

    /// At worst as many steps as the product of both lengths: where a text does not go on as the pattern does, the last asterisk takes one
    /// byte more, and none before it needs to be thought of again.
    private static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var (place, offset) = (0, 0)
        var retry: (place: Int, offset: Int)?
        while offset < text.count {
            if place < pattern.count, pattern[place] == .asterisk {
                place += 1
                retry = (place, offset)
            } else if place < pattern.count, pattern[place] == text[offset] {
                place += 1
                offset += 1
            } else if let last = retry {
                (place, offset) = (last.place, last.offset + 1)
                retry = (place, offset)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == .asterisk }
    }
}

extension AddressPattern: Hashable {
    /// Whether both are spelt the same, byte by byte.
    public static func == (left: AddressPattern, right: AddressPattern) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8) && (left.fault == nil) == (right.fault == nil)
    }

    /// Hashes the text.
    public func hash(into hasher: inout Hasher) {
        text.hash(into: &hasher)
    }
}

extension AddressPattern: CustomStringConvertible {
    /// The text as it was given.
    public var description: String { text }
}

extension AddressPattern: ExpressibleByStringLiteral {
    /// A literal pattern. A malformed one does not trap: the first operation that is given it throws its fault.
    public init(stringLiteral text: String) {
        self.init(checking: text)
    }
}

extension AddressPattern: Codable {
    /// Reads the one string a pattern is written as.
    ///
    /// - Throws: `DecodingError.dataCorrupted` with our sentence, and our error underneath, when that is malformed.
    public init(from decoder: any Decoder) throws {
        self = try decoder.parsed { text throws(DiscoveryError) in try Self(parsing: text) }
    }

    /// Writes the text as one string.
    ///
    /// - Throws: `EncodingError.invalidValue` for a malformed pattern, which nobody could read back.
    public func encode(to encoder: any Encoder) throws {
        try encoder.write(self, as: text, fault: fault)
    }
}

extension UInt8 {
    fileprivate static let asterisk = UInt8(ascii: "*")
}
