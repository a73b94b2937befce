/// Where the policies of one scope hang: at keys, there at values.
struct FilterAnchors: Sendable {
    private var keys: [AnchorKey] = []
    private var places: [FilterText: Int] = [:]
    /// The keys that a member of the message's object may lead to, by what a path begins with: `a` and `a.b` for `a.b`.
    private var heads: [FilterText: [Int]] = [:]
    /// Keys with so many dots that their heads would be a burden: looked at for each message.
    private var headless: [Int] = []
    /// Keys at which policies hang that hold where nothing is.
    private var absences: [Int] = []
    /// Lists of policies that hang at the same value.
    private var bundles: [[Int]] = []

    var isEmpty: Bool { bundles.isEmpty }

    private static let mostHeads = 16

    mutating func insert(_ rule: FilterRule, for policy: Int) {
        for (path, conditions) in rule.anchors {
            let key = place(of: path)
            for condition in conditions { keys[key].insert(condition, for: policy, into: &bundles) }
            if keys[key].absence != nil, !absences.contains(key) { absences.append(key) }
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

    /// The policies that may let a message through, each once.
    func candidates(for document: JSONDocument) -> [Int] {
        guard document.hasLeaf else { return [] }
        var found: Set<Int> = []
        var (seen, there): (Set<Int>, Set<Int>) = ([], [])
        func find(_ place: Int) {
            guard seen.insert(place).inserted, keys[place].find(in: document, &found) else { return }
            there.insert(place)
        }
        for place in headless { find(place) }
        for member in document.children(of: 0) {
            for place in heads[FilterText(document[document.nodes[member].key])] ?? [] { find(place) }
        }
        for place in absences where !there.contains(place) { if let bundle = keys[place].absence { found.insert(bundle) } }
        guard found.count > 1 else { return found.first.map { bundles[$0] } ?? [] }
        return Array(Set(found.flatMap { bundles[$0] }))
    }
}

/// What hangs at one key: bundles, by what leads to them.
private struct AnchorKey: Sendable {
    let path: [UInt8]
    private(set) var absence: Int?
    private var strings: [FilterText: Int] = [:]
    private var foldings: [FilterText: Int] = [:]
    private var numbers: [FilterNumber: Int] = [:]
    /// By the first bytes, at most ``mostBytes``; and by the last.
    private var prefixes: [FilterText: Int] = [:]
    private var suffixes: [FilterText: Int] = [:]
    private var prefixLengths: [Int] = []
    private var suffixLengths: [Int] = []
    private var ranges: [(units: ClosedRange<Int64>, bundle: Int)] = []
    private var others: [(condition: FilterCondition, bundle: Int)] = []
    /// Those of ``ranges`` and ``others``, so that each is there once.
    private var known: [FilterCondition: Int] = [:]

    private static let mostBytes = 16

    init(path: [UInt8]) { self.path = path }

    mutating func insert(_ condition: FilterCondition, for policy: Int, into bundles: inout [[Int]]) {
        /// - Returns: the bundle, when it is new.
        @discardableResult func add(_ known: inout Int?) -> Int? {
            if let bundle = known {
                if bundles[bundle].last != policy { bundles[bundle].append(policy) }
                return nil
            }
            known = bundles.count
            bundles.append([policy])
            return known
        }
        func add(_ part: ArraySlice<UInt8>, _ known: inout [FilterText: Int], _ lengths: inout [Int]) {
            add(&known[FilterText(part)])
            if !lengths.contains(part.count) { lengths.append(part.count) }
        }
        switch condition {
        case .string(let text): add(&strings[FilterText(text[...])])
        case .ignoringCase(let folding): add(&foldings[FilterText(folding.folded[...])])
        case .number(let number): add(&numbers[number])
        case .prefix(let text): add(text.prefix(Self.mostBytes), &prefixes, &prefixLengths)
        case .suffix(let text): add(text.suffix(Self.mostBytes), &suffixes, &suffixLengths)
        case .exists(false): add(&absence)
        case .range(let range): if let bundle = add(&known[condition]) { ranges.append((range.units, bundle)) }
        default: if let bundle = add(&known[condition]) { others.append((condition, bundle)) }
        }
    }

    /// Inserts the bundles that a message's values lead to.
    ///
    /// - Returns: whether there is any value.
    func find(in document: JSONDocument, _ found: inout Set<Int>) -> Bool {
        var isThere = false
        _ = document.hasLeaf(at: path) { value in
            isThere = true
            if value.kind == .string {
                find(document[value.text], &found)
            } else if value.kind == .number, !value.isBeyond {
                if let bundle = numbers[value.number] { found.insert(bundle) }
                for (units, bundle) in ranges where units.contains(value.number.units) { found.insert(bundle) }
            }
            for (condition, bundle) in others where condition.accepts(value, in: document) { found.insert(bundle) }
            return false
        }
        return isThere
    }

    private func find(_ text: ArraySlice<UInt8>, _ found: inout Set<Int>) {
        if let bundle = strings[FilterText(text)] { found.insert(bundle) }
        for length in prefixLengths where length <= text.count {
            if let bundle = prefixes[FilterText(text.prefix(length))] { found.insert(bundle) }
        }
        for length in suffixLengths where length <= text.count {
            if let bundle = suffixes[FilterText(text.suffix(length))] { found.insert(bundle) }
        }
        if !foldings.isEmpty, let bundle = foldings[FilterText(FilterFolding.fold(text)[...])] { found.insert(bundle) }
    }
}

extension FilterRule {
    /// Keys with conditions: a message that gets through meets one of them.
    fileprivate var anchors: [(path: [UInt8], conditions: [FilterCondition])] { ranked.anchors }

    /// The rank is how dear they are to look for: 0 by look-up, 1 one after the other, 2 where nothing is, as in most messages.
    private var ranked: (anchors: [(path: [UInt8], conditions: [FilterCondition])], rank: Int) {
        switch self {
        case .key(let key):
            return (
                [(key.path, key.conditions)], key.allowsAbsence ? 2 : key.conditions.allSatisfy(\.isFoundByLookup) ? 0 : 1
            )
        case .all(let rules):
            let ranked = rules.map(\.ranked)
            // The first of the lowest rank.
            return ranked.dropFirst().reduce(ranked[0]) { $1.rank < $0.rank ? $1 : $0 }
        case .any(let rules, _):
            let ranked = rules.map(\.ranked)
            return (ranked.flatMap(\.anchors), ranked.map(\.rank).max() ?? 0)
        }
    }
}

extension FilterCondition {
    fileprivate var isFoundByLookup: Bool {
        switch self {
        case .string, .ignoringCase, .number, .prefix, .suffix: true
        default: false
        }
    }
}
