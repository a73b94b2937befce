import Testing

/// The rules held against the repository. That they find what they should is in `RuleCaseTests`.
@Suite struct RuleTests {
    /// The files that may tell platforms apart. Linux is what is tested: what stands in these is what a Mac may do differently.
    static let platformFiles: Set<String> = [
        "Sources/HTTPServing/BoundSocket.swift", "Sources/HTTPServing/DescriptorLimit.swift",
        "Sources/HTTPServing/Listener.swift", "Sources/Store/Ballast.swift",
        "Sources/Store/FileWatch.swift",
        "Sources/Store/Leases.swift", "Sources/Store/MappedFile.swift",
        "Sources/Store/Platform.swift",
    ]

    private let everywhere = ["Sources", "Tests", "Samples"]

    @Test func `no Swift file has more than 600 lines`() async throws {
        expectNone(try await Repository.swiftFiles(below: everywhere).flatMap(Rules.tooLong))
    }

    @Test func `no folder or file is named after leftovers`() async throws {
        expectNone(try await Repository.files().flatMap(Rules.emptyName))
    }

    @Test func `no type is named after nothing`() async throws {
        expectNone(try await Repository.swiftFiles(below: everywhere).flatMap(Rules.emptyTypeNames))
    }

    @Test func `platform code stays in the listed files`() async throws {
        let found = try await Repository.swiftFiles(below: ["Sources"])
            .compactMap { source in Rules.platformLines(of: source).first.map { (path: source.path, place: source.location($0)) } }
        expectNone(
            found.filter { !Self.platformFiles.contains($0.path) }
                .map { "\($0.place) tells platforms apart: list \"\($0.path)\" in RuleTests.platformFiles, or move it to a listed file" })
        expectNone(
            Self.platformFiles.subtracting(found.map(\.path)).sorted()
                .map { "\($0) holds no platform code: take it off RuleTests.platformFiles" })
    }

    @Test func `nothing forbidden is in Sources`() async throws {
        expectNone(try await Repository.swiftFiles(below: ["Sources"]).flatMap(Rules.forbidden))
    }

    @Test func `no file mentions a path of somebody's machine`() async throws {
        for path in try await Repository.files() {
            guard let text = try Repository.text(path) else { continue }
            expectNone(Rules.foreignPaths(in: text, of: path))
        }
    }

    @Test func `the top level holds what it should and nothing more`() async throws {
        let files = try await Repository.files()
        #expect(files.contains("Package.swift"))
        expectNone(Rules.strays(among: files).map { "\($0) does not belong on the top level of the repository" })
    }

    @Test(.enabled(if: Repository.hasReadme, "there is no README.md yet"))
    func `the README names every dependency`() throws {
        let manifest = try #require(try Repository.text("Package.swift"))
        let readme = try #require(try Repository.text("README.md"))
        let packages = Rules.dependencies(of: manifest)
        #expect(!packages.isEmpty)
        expectNone(Rules.unnamed(packages, in: readme).map { "README.md does not name the dependency \($0), nor why it is one" })
    }
}
