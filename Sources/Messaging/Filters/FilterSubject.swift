extension Messaging {
    /// What policies look at: a message's attributes and its body, each read at most once and only when a policy asks. For one task at a time.
    package struct FilterSubject {
        private let reading: Reading

        package init(body: [UInt8], attributes: [String: Attribute]) {
            reading = Reading(body: body, attributes: attributes)
        }

        /// `nil` when the scope is the body and that is no JSON object.
        func withDocument<Value>(_ scope: FilterScope, _ use: (JSONDocument) -> Value) -> Value? {
            switch scope {
            case .attributes: use(reading.attributes)
            case .body:
                switch reading.body {
                case .success(let document): use(document)
                case .failure: nil
                }
            }
        }

        /// Why the body cannot be filtered.
        var bodyFault: String? {
            guard case .failure(let fault) = reading.body else { return nil }
            return "the body is no JSON object: \(fault.reason) (byte \(fault.offset))"
        }

        /// How often the body was read.
        var bodyReads: Int { reading.bodyReads }
    }

    private final class Reading {
        private let text: [UInt8]
        private let given: [String: Attribute]
        private(set) var bodyReads = 0

        init(body: [UInt8], attributes: [String: Attribute]) {
            text = body
            given = attributes
        }

        lazy var attributes = JSONDocument(given)

        lazy var body: Result<JSONDocument, JSONFault> = {
            bodyReads += 1
            return Result { () throws(JSONFault) in
                let document = try JSONDocument(reading: text)
                guard document.nodes[0].kind == .object else { throw JSONFault(offset: 0, reason: "it is \(document.noun(0))") }
                return document
            }
        }()
    }
}

extension JSONDocument {
    /// Attributes as an object. Those of type Binary are left out, as SNS ignores them. An array (`String.Array`) is read as JSON; one that
    /// is none is a value that only `exists` sees.
    fileprivate init(_ attributes: [String: Messaging.Attribute]) {
        bytes = []
        nodes = [Node(kind: .object, key: .nowhere, text: .nowhere)]
        for (name, attribute) in attributes {
            switch attribute.value {
            case .string(let text) where attribute.label == "Array": appendArray(text, isNumber: false, key: append(name.utf8))
            case .number(let text) where attribute.label == "Array": appendArray(text, isNumber: true, key: append(name.utf8))
            case .string(let text): append(Node(kind: .string, key: append(name.utf8), text: append(text.utf8)))
            case .number(let text): appendNumber(text, key: append(name.utf8))
            case .binary: break
            }
        }
        nodes[0].end = Int32(nodes.count)
    }

    private mutating func append(_ text: String.UTF8View) -> Place {
        let start = bytes.count
        bytes.append(contentsOf: text)
        return Place(start: Int32(start), count: Int32(bytes.count - start))
    }

    private mutating func append(_ leaf: Node) {
        nodes.append(leaf)
        nodes[nodes.count - 1].end = Int32(nodes.count)
        hasLeaf = true
    }

    private mutating func appendNumber(_ text: String, key: Place) {
        var node = Node(kind: .number, key: key, text: append(text.utf8))
        switch FilterNumber.read(text.utf8) {
        case .number(let number, _): node.number = number
        case .beyond, .malformed: node.isBeyond = true
        }
        append(node)
    }

    private mutating func appendArray(_ text: String, isNumber: Bool, key: Place) {
        let place = append(text.utf8)
        let (count, hadLeaf) = (nodes.count, hasLeaf)
        do throws(JSONFault) {
            try append(textFrom: place.range.lowerBound, key: key)
            if nodes[count].kind == .array || isNumber && nodes[count].kind == .number { return }
        } catch {}
        nodes.removeLast(nodes.count - count)
        hasLeaf = hadLeaf
        append(Node(kind: .opaque, key: key, text: place))
    }
}
