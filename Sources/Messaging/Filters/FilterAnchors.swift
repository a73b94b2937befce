/// Where the policies of one scope hang: at keys, there at values.
struct FilterAnchors: Sendable {
    private var keys: [AnchorKey] = []
    private var places: [FilterText: Int] = [:]
    /// The keys that a member of the message's object may lead to, by what a path begins with: `a` and `a.b` for `a.b`.
    private var heads: [FilterText: [Int]] = [:]
    /// Keys with so many dots that their heads would be a burden: looked at for each message.
    private var headless: [Int] = []
    /// Lists of policies that hang at the same value.
    private var bundles: [[Int]] = []
    /// Policies that may match though nothing is there.
    private var always: [Int] = []

    var isEmpty: Bool { bundles.isEmpty && always.isEmpty }

    private static let mostHeads = 16

    mutating func insert(_ rule: FilterRule, for policy: Int) {
        guard let anchors = rule.anchors else { return always.append(policy) }
        for anchor in anchors {
            let key = place(of: anchor.path)
            for condition in anchor.conditions { keys[key].insert(condition, for: policy, into: &bundles) }
        }
    }

    private mutating func place(of path: [UInt8]) -> Int {
        if let place = places[FilterText(path[...])] { return place }
        let place = keys.count
        keys.append(AnchorKey(path: path))
        places[FilterText(path[...])] = place
        let dots = path.indices.filter { path[$0] == UInt8(ascii: ".") }
        if dots.count < Self.mostHeads {
            for end in dots + [path.count] { heads[FilterText(path[..<end]), default: []].append(place) }
        } else {
            headless.append(place)
        }
        return place
    }

    /// Appends the policies that may let a message through; one may come more than once.
    func candidates(for document: JSONDocument, into candidates: inout [Int]) {
        candidates += always
        guard document.hasLeaf, !keys.isEmpty else { return }
        var found: Set<Int> = []
        var seen: Set<Int> = []
        for key in headless { keys[key].find(in: document, &found) }
        for member in document.children(of: 0) {
            guard let places = heads[FilterText(document[document.nodes[member].key])] else { continue }
            for place in places where seen.insert(place).inserted { keys[place].find(in: document, &found) }
        }
        for bundle in found { candidates += bundles[bundle] }
    }
}

/// What hangs at one key.
private struct AnchorKey: Sendable {
    let path: [UInt8]
    private var strings: [FilterText: Int] = [:]
    private var numbers: [FilterNumber: Int] = [:]
    /// By the first bytes, at most ``mostBytes``; and by the last.
    private var prefixes: [FilterText: Int] = [:]
    private var suffixes: [FilterText: Int] = [:]
    private var prefixLengths: [Int] = []
    private var suffixLengths: [Int] = []
    /// All others, each once.
    private var others: [FilterCondition: Int] = [:]

    private static let mostBytes = 16

    init(path: [UInt8]) { self.path = path }

    mutating func insert(_ condition: FilterCondition, for policy: Int, into bundles: inout [[Int]]) {
        func add(_ known: inout Int?) {
            if let bundle = known {
                if bundles[bundle].last != policy { bundles[bundle].append(policy) }
            } else {
                known = bundles.count
                bundles.append([policy])
            }
        }
        func add(_ part: ArraySlice<UInt8>, _ known: inout [FilterText: Int], _ lengths: inout [Int]) {
            add(&known[FilterText(part)])
            if !lengths.contains(part.count) { lengths.append(part.count) }
        }
        switch condition {
        case .string(let text): add(&strings[FilterText(text[...])])
        case .number(let number): add(&numbers[number])
        case .prefix(let text): add(text.prefix(Self.mostBytes), &prefixes, &prefixLengths)
        case .suffix(let text): add(text.suffix(Self.mostBytes), &suffixes, &suffixLengths)
        default: add(&others[condition])
        }
    }

    /// Inserts the bundles that a message's values lead to.
    func find(in document: JSONDocument, _ found: inout Set<Int>) {
        _ = document.hasLeaf(at: path) { value in
            if value.kind == .string {
                let text = document[value.text]
                if let bundle = strings[FilterText(text)] { found.insert(bundle) }
                for length in prefixLengths where length <= text.count {
                    if let bundle = prefixes[FilterText(text.prefix(length))] { found.insert(bundle) }
                }
                for length in suffixLengths where length <= text.count {
                    if let bundle = suffixes[FilterText(text.suffix(length))] { found.insert(bundle) }
                }
            } else if value.kind == .number, !value.isBeyond, let bundle = numbers[value.number] {
                found.insert(bundle)
            }
            for (condition, bundle) in others where condition.accepts(value, in: document) { found.insert(bundle) }
            return false
        }
    }
}

extension FilterRule {
    typealias Anchor = (path: [UInt8], conditions: [FilterCondition])

    /// Conditions of which a message that gets through meets one; `nil` when it may meet none, having no value at a key.
    fileprivate var anchors: [Anchor]? { ranked?.anchors }

    /// The rank is how dear they are to look for: 0 by look-up, 1 one after the other.
    private var ranked: (anchors: [Anchor], rank: Int)? {
        switch self {
        case .key(let key):
            return key.allowsAbsence ? nil : ([(key.path, key.conditions)], key.conditions.allSatisfy(\.isFoundByLookup) ? 0 : 1)
        case .all(let rules):
            var best: (anchors: [Anchor], rank: Int)?
            for rule in rules {
                if let next = rule.ranked, next.rank < best?.rank ?? 2 { best = next }
            }
            return best
        case .any(let rules, _):
            var all: (anchors: [Anchor], rank: Int) = ([], 0)
            for rule in rules {
                guard let next = rule.ranked else { return nil }
                all.anchors += next.anchors
                all.rank = max(all.rank, next.rank)
            }
            return all
        }
    }
}

extension FilterCondition {
    fileprivate var isFoundByLookup: Bool {
        switch self {
        case .string, .number, .prefix, .suffix: true
        default: false
        }
    }
}

/// Bytes as a key: hashed as one block.
struct FilterText: Hashable, Sendable {
    let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    static func == (left: FilterText, right: FilterText) -> Bool { left.bytes.elementsEqual(right.bytes) }

    func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
}
