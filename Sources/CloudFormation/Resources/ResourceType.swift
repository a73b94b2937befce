/// What is known of a type of resources: its properties, what its attributes are called, and what `Ref` gives.
package struct ResourceType: Sendable {
    /// `AWS::SQS::Queue`
    package let name: String
    package let properties: [Property]
    /// What `GetAtt` may ask for.
    package let attributes: Set<String>
    /// What `Ref` gives, in words: `the queue's URL`.
    package let reference: String

    init(_ name: String, ref reference: String, attributes: Set<String> = [], _ properties: [Property]) {
        self.name = name
        self.reference = reference
        self.attributes = attributes
        self.properties = properties
    }

    /// The type of a name, if it is one of those that are here.
    package static func named(_ name: String) -> ResourceType? { table[name] }

    /// The property of a name.
    package func property(_ name: String) -> Property? { properties.first { $0.name == name } }

    /// A property, or a member of one.
    package struct Property: Sendable {
        package let name: String
        let kind: Kind
        package let isRequired: Bool
        /// Whether a resource is made anew, and the old one removed, when this changes.
        package let replaces: Bool
        /// Whether it is about AWS alone: checked, and without meaning here.
        package let isForeign: Bool

        init(_ name: String, _ kind: Kind, _ marks: Mark...) {
            self.name = name
            self.kind = kind
            isRequired = marks.contains(.required)
            replaces = marks.contains(.replaces)
            isForeign = marks.contains(.foreign)
        }

        enum Mark {
            case required, replaces, foreign
        }
    }

    /// What a property's value must be.
    indirect enum Kind: Sendable {
        case text
        /// One of these, capitals as they are.
        case word([String])
        case integer(ClosedRange<Int>)
        case number
        case boolean
        case list(Kind)
        case object([Property])
        /// Any keys, with texts.
        case texts
        /// A policy: an object, or the JSON text of one.
        case json
        /// Any object or list: what AWS alone reads.
        case any

        /// For messages.
        var words: String {
            switch self {
            case .text: "a text"
            case .word(let words): "one of \(words.list)"
            case .integer(let range):
                range == Self.anyInteger ? "a whole number" : "a whole number from \(range.lowerBound) to \(range.upperBound)"
            case .number: "a number"
            case .boolean: "true or false"
            case .list: "a list"
            case .object: "an object"
            case .texts: "an object of texts"
            case .json: "an object, or the JSON text of one"
            case .any: "a value"
            }
        }

        static let anyInteger = Int.min...Int.max
        static let integer = Kind.integer(anyInteger)
        /// As most services have them.
        static let tags = Kind.list(.object([.init("Key", .text, .required), .init("Value", .text, .required)]))
    }
}
