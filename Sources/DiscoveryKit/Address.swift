/// The name of something to talk to: `namespace.service[filters]->instance`.
///
/// ```
/// address  = [ namespace "." ] service [ "[" filter *( "," filter ) "]" ] [ "->" instance ]
/// filter   = [ "?" ] key "=" value              ; "?" marks a preference, not a requirement
/// instance = id / "*"
/// ```
///
/// - The text divides at the first `->`; left of it the last dot divides namespace from service. `_x._tcp` and `_x._udp` (lower case)
///   begin a service, so that `corp._http._tcp` is the service `_http._tcp` of `corp`.
/// - A name holds ASCII letters, digits and `_ - / : @ + ~`; namespaces, instance ids, keys and values also hold dots. A name with
///   anything else goes in double quotes, in which `\"` and `\\` stand for a quote and a backslash: `"my.ns".worker->"a b"`. Bare and
///   quoted text that touch are one name. An instance whose id is an asterisk is `->"*"`; `->*` means any.
/// - No name is empty, but for a filter value written `""`. No control character or line separator is in any name, however written:
///   addresses end up in logs and terminals.
/// - At most ``maximumLength`` bytes.
///
/// Addresses with the same meaning are equal: filters are sorted by key, quotes stand only where they are needed, and `description` is that
/// one spelling. Names are compared byte by byte, as the registry does, so two Unicode spellings of one word are two names.
///
/// A literal never traps: a malformed one keeps its fault, which the first operation that is given it throws. Interpolated strings are
/// quoted where they need to be, so text from outside never becomes syntax. Any other `String` goes through ``init(parsing:)``.
public struct Address: Sendable {
    /// The most bytes of UTF-8 an address may have, as given and as printed: 4,096.
    public static let maximumLength = 4_096

    /// The canonical text; of a malformed address, the text as it was given, cut when it is longer than any address may be.
    package let text: String
    /// What is wrong with a malformed address, `.malformedAddress`; `nil` for a well-formed one.
    package let fault: DiscoveryError?

    /// Parses a text from outside the program.
    ///
    /// - Throws: `.malformedAddress`, which says at which byte the text stops being an address and what was expected there.
    public init(parsing text: some StringProtocol) throws(DiscoveryError) {
        self.init(checking: text)
        if let fault { throw fault }
    }

    /// Makes an address of its parts, quoting them where needed. Parts that no address can have (an empty name, a control character, the
    /// same filter key twice, too long a text) make a malformed address, as in a literal.
    ///
    /// - Parameter namespace: `nil` stands for the configured default namespace.
    public init(namespace: String? = nil, service: String, filters: [Filter] = [], instance: Instance = .only) {
        self.init(checking: Parts(namespace: namespace, service: service, filters: filters, instance: instance).text)
    }

    /// An address whose text is known to be canonical, or whose fault is known.
    init(text: String, fault: DiscoveryError?) {
        self.text = text
        self.fault = fault
    }

    /// The namespace; `nil` stands for the configured default, and in a malformed address.
    public var namespace: String? { readable?.namespace }
    /// The service; of a malformed address, its whole text.
    public var service: String { readable?.service ?? text }
    /// The filters, sorted by key; none in a malformed address.
    public var filters: [Filter] { readable?.filters ?? [] }
    /// Which of the service's instances is meant; `.only` in a malformed address.
    public var instance: Instance { readable?.instance ?? .only }

    private var readable: Parts? { try? parts() }

    /// Which of a service's instances an address names.
    public enum Instance: Sendable, Hashable {
        /// No `->`: the only instance, or any of several replicas.
        case only
        /// `->*`: any healthy instance that matches, chosen by the balancing policy.
        case any
        /// `->id`: this one.
        case id(String)
    }

    /// A condition on an instance's attributes.
    public struct Filter: Sendable, Hashable {
        /// The attribute's name, once per address.
        public var key: String
        /// The value it must have; may be empty.
        public var value: String
        /// Whether other instances are out (`key=value`), or merely come second (`?key=value`).
        public var isRequired: Bool

        /// A condition that `key` has `value`, required unless told otherwise.
        public init(key: String, value: String, isRequired: Bool = true) {
            self.key = key
            self.value = value
            self.isRequired = isRequired
        }
    }
}

extension Address: Hashable {
    /// Whether both are spelt the same, byte by byte, once canonical.
    public static func == (left: Address, right: Address) -> Bool {
        // String's own equality is canonical equivalence in Unicode, under which the resolver's cache would answer for one name with
        // another that the registry keeps apart. It is fast and exact between texts of ASCII, which have as many bytes as UTF-16 units.
        guard left.text == right.text, left.text.utf8.count == right.text.utf8.count, (left.fault == nil) == (right.fault == nil) else {
            return false
        }
        return left.text.utf16.count == left.text.utf8.count || left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// Hashes the canonical text.
    public func hash(into hasher: inout Hasher) {
        text.hash(into: &hasher)
    }
}

extension Address: CustomStringConvertible {
    /// The canonical text, which parses to an equal address; of a malformed address, the text as it was given.
    public var description: String { text }
}

extension Address: ExpressibleByStringInterpolation {
    /// A literal address. A malformed one does not trap: the first operation that is given it throws its fault.
    public init(stringLiteral text: String) {
        self.init(checking: text)
    }
}

extension Address: Codable {
    /// Reads the one string an address is written as.
    ///
    /// - Throws: `DecodingError.dataCorrupted` with our sentence, and our error underneath, when that is malformed.
    public init(from decoder: any Decoder) throws {
        self = try decoder.parsed { text throws(DiscoveryError) in try Self(parsing: text) }
    }

    /// Writes the canonical text as one string.
    ///
    /// - Throws: `EncodingError.invalidValue` for a malformed address, which nobody could read back.
    public func encode(to encoder: any Encoder) throws {
        try encoder.write(self, as: text, fault: fault)
    }
}
