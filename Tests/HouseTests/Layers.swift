/// Which of our modules, and which packages' modules, a target may import.
struct Layer {
    enum Ours {
        /// Any target of a lower layer.
        case below
        case only(Set<String>)
    }

    let height: Int
    let ours: Ours
    let packages: Set<String>

    private init(_ height: Int, ours: Ours = .below, packages: Set<String>...) {
        self.height = height
        self.ours = ours
        self.packages = packages.reduce(into: []) { $0.formUnion($1) }
    }

    /// The one table: a folder in Sources is a target, and a target is a row. What a target may not import is as much a decision
    /// as what it may: no adapter reaches into SQLite, no server into the command line.
    static let table: [String: Layer] = [
        "DNSProtocol": Layer(0),
        "AWSProtocol": Layer(0, packages: crypto),
        "Store": Layer(1, ours: .only([]), packages: grdb),
        "Registry": Layer(2, ours: .only(["Store"])),
        "Messaging": Layer(2, ours: .only(["Store"]), packages: crypto),
        "HTTPServing": Layer(2, ours: .only([]), packages: nio),
        "DiscoveryKit": Layer(
            3, ours: .only(["AWSProtocol", "Store", "Registry", "Messaging", "HTTPServing"]),
            packages: nio, crypto, client, observability, ["Configuration"], lifecycle),
        "DiscoveryServer": Layer(4, packages: nio, client, crypto, observability, ["Configuration"], lifecycle),
        "CloudFormation": Layer(4, ours: .only([]), packages: ["Yams"]),
        "DiscoveryTesting": Layer(4, ours: .only(["DiscoveryKit", "Registry"])),
        "AddressGenerator": Layer(5, ours: .only(["CloudFormation"])),
        "Deployment": Layer(5, ours: .only(["DiscoveryKit", "CloudFormation", "Registry", "Messaging", "Store"])),
        "Supervision": Layer(5, ours: .only(["DiscoveryKit", "HTTPServing"]), packages: subprocess),
        "discovery": Layer(6, packages: arguments, observability, ["Configuration"], lifecycle, subprocess),
        "discovery-generate": Layer(6, ours: .only(["AddressGenerator"])),
        "DiscoveryAddresses": Layer(6, ours: .only([]), packages: ["PackagePlugin"]),
        "discoveryd": Layer(6, packages: arguments, observability, ["Configuration", "Yams"], lifecycle),
    ]

    /// What comes with Swift.
    static let standard: Set<String> = ["Foundation", "FoundationEssentials", "Synchronization", "Dispatch", "Glibc", "Musl", "Darwin"]

    private static let arguments: Set<String> = ["ArgumentParser"]
    private static let client: Set<String> = ["AsyncHTTPClient"]
    private static let crypto: Set<String> = ["Crypto"]
    private static let grdb: Set<String> = ["GRDB", "GRDBSQLite"]
    private static let lifecycle: Set<String> = ["ServiceLifecycle", "UnixSignals"]
    private static let nio: Set<String> = ["NIOCore", "NIOPosix", "NIOHTTP1", "NIOFoundationCompat", "NIOTLS", "NIOSSL"]
    private static let observability: Set<String> = [
        "Logging", "Metrics", "CoreMetrics", "Tracing", "Instrumentation", "ServiceContextModule",
    ]
    private static let subprocess: Set<String> = ["Subprocess", "System", "SystemPackage"]

    /// What is wrong with the imports of one file, if anything.
    static func violations(of source: SwiftSource, in table: [String: Layer] = table) -> [String] {
        let parts = source.path.split(separator: "/").map(String.init)
        guard parts.count > 2 else { return ["\(source.path): a file in Sources belongs in a target's folder"] }
        let target = parts[1]
        guard let layer = table[target] else { return ["\(source.path): the target \(target) has no row in the table of Layers.swift"] }
        return source.imports.compactMap { line, module in
            guard module != target, !standard.contains(module), !layer.packages.contains(module) else { return nil }
            let place = "\(source.location(line)): \(target), of layer \(layer.height), may not import \(module)"
            guard let imported = table[module] else {
                return "\(place): neither a target nor among the packages that the table of Layers.swift gives it"
            }
            guard imported.height < layer.height else {
                return "\(place), of layer \(imported.height): an import may only point down"
            }
            switch layer.ours {
            case .below: return nil
            case .only(let modules):
                return modules.contains(module) ? nil : "\(place): it is below, yet not among those that the table of Layers.swift gives it"
            }
        }
    }

    /// What is wrong with the table itself: a row that would let an import point up or sideways.
    static func contradictions(in table: [String: Layer] = table) -> [String] {
        table.sorted { $0.key < $1.key }.flatMap { target, layer -> [String] in
            guard case .only(let modules) = layer.ours else { return [] }
            return modules.sorted().filter { (table[$0]?.height ?? .max) >= layer.height }.map { "\(target) may not be given \($0)" }
        }
    }
}

extension SwiftSource {
    /// The modules that a file imports, with the lines, counted from zero.
    var imports: [(line: Int, module: String)] {
        lines.enumerated().flatMap { index, line -> [(line: Int, module: String)] in
            guard line.code.contains("import") else { return [] }
            return line.code.split(separator: ";").compactMap { statement in
                statement.firstMatch(of: Self.importStatement).map { (index, String($0.output.1)) }
            }
        }
    }

    private static var importStatement: Regex<(Substring, Substring)> {
        /^\s*(?:(?:@\w+(?:\([^)]*\))?|public|package|internal|fileprivate|private)\s+)*import\s+(?:(?:struct|class|enum|actor|protocol|typealias|func|let|var)\s+)?`?(\w+)/
    }
}
