import Testing

/// That each rule finds what it should, and nothing else.
@Suite struct RuleCaseTests {
    private func source(_ text: String) -> SwiftSource {
        SwiftSource(path: "Sources/Store/A.swift", text: text)
    }

    @Test func `a file of 601 lines is too long, one of 600 is not`() {
        #expect(Rules.tooLong(source(String(repeating: "a\n", count: 600))) == [])
        #expect(Rules.tooLong(source(String(repeating: "a\n", count: 601))).count == 1)
        #expect(Rules.tooLong(source(String(repeating: "// a\n", count: 600) + "b")).count == 1)
    }

    @Test(arguments: ["Sources/Utils/A.swift", "Sources/Store/Misc.swift", "Tests/New/a.txt", "Sources/Store/Home+Helpers.swift", "core/x"])
    func `a name without a subject is found`(path: String) {
        #expect(Rules.emptyName(of: path).count == 1)
    }

    @Test(arguments: ["Sources/Store/Home.swift", "Sources/Store/NewHome.swift", "Tests/run", "Sources/Store/CommonTable.swift"])
    func `a name with a subject is let through`(path: String) {
        #expect(Rules.emptyName(of: path) == [])
    }

    @Test(arguments: [
        "struct HomeManager {}", "final class A: B {}; enum RowHelper {}", "package actor StoreImpl {", "protocol AdapterBase {}",
        "    typealias Info = Int", "public struct MessageData: Sendable", "indirect enum `TreeUtil` {",
    ])
    func `a type named after nothing is found`(text: String) {
        #expect(Rules.emptyTypeNames(in: source(text)).count == 1)
    }

    @Test(arguments: [
        "struct Metadata {}", "struct Database {}", "class func makeData() {}", "let data: Data", "// struct HomeManager",
        "let a = \"struct HomeManager\"", "struct ManagerOfHomes {}",
    ])
    func `a type named after something is let through`(text: String) {
        #expect(Rules.emptyTypeNames(in: source(text)) == [])
    }

    @Test(arguments: [
        "#if canImport(Darwin)", "  #if os(Linux)", "#elseif os(macOS)", "#if !os(Windows) && DEBUG", "#if canImport( Glibc )",
        "import Glibc", "internal import Darwin",
    ])
    func `platform code is found`(text: String) {
        #expect(Rules.platformLines(of: source("let a = 1\n" + text)) == [1])
    }

    @Test(arguments: ["#if DEBUG", "#if canImport(FoundationEssentials)", "// #if os(Linux)", "let a = \"#if os(Linux)\"", "pos(1)"])
    func `code for every platform is let through`(text: String) {
        #expect(Rules.platformLines(of: source(text)) == [])
    }

    @Test(arguments: [
        "Task.detached { }", "Task<Void, Never>.detached {", "// why\nTask . detached { }", "@_exported import Store",
        "// why\nlet a = try! b()", "fatalError(\"no\")", "// why\n\n\n\nfatalError()", "final class A: @unchecked Sendable {}",
        "// why\na\nb\nc\nfinal class A: @unchecked Sendable {}", "nonisolated(unsafe) var a = 1", "//\nnonisolated(unsafe) var a = 1",
        "let a = \"\\(try! b())\"",
    ])
    func `what is forbidden is found`(text: String) {
        #expect(Rules.forbidden(in: source(text)).count == 1)
    }

    @Test(arguments: [
        "Task { }", "try? a()", "// try! Task.detached @_exported", "let a = \"try! fatalError(\"", "/// It cannot be.\nfatalError()",
        "fatalError(\"no\") // cannot be", "// A lock guards it.\n@available(*, deprecated)\nfinal class A: @unchecked Sendable {}",
        "/* one thread */ nonisolated(unsafe) var a = 1", "retry != 1",
    ])
    func `what is explained or harmless is let through`(text: String) {
        #expect(Rules.forbidden(in: source(text)) == [])
    }

    @Test func `a path of somebody's machine is found`() {
        for path in Rules.foreignPaths {
            #expect(Rules.foreignPaths(in: "a\nsee \(path)x", of: "a.md").map { $0.hasPrefix("a.md:2 ") } == [true])
        }
        #expect(Rules.foreignPaths(in: "shared/a homework ../share", of: "a.md") == [])
    }

    @Test func `a stray on the top level is found`() {
        #expect(Rules.strays(among: ["Package.swift", "Sources/A/A.swift", ".gitignore", ".ci/run", "README.md"]) == [])
        #expect(Rules.strays(among: ["NOTES.md", "docs/a.md", "Tests/run", "docs/b.md"]) == ["NOTES.md", "docs"])
    }

    @Test func `a dependency that a text does not name is found`() {
        let manifest = """
            .package(url: "https://example.com/groue/GRDB.swift", from: "7.0.0"),
            // .package(url: "https://example.com/apple/swift-gone", from: "1.0.0"),
            .package(
                url: "https://example.com/apple/swift-nio.git", from: "2.0.0"),
            .package(url: "https://example.com/apple/swift-log", from: "1.0.0"),
            """
        let packages = Rules.dependencies(of: manifest)
        #expect(packages == ["GRDB.swift", "swift-nio", "swift-log"])
        #expect(Rules.unnamed(packages, in: "GRDB, [swift-nio](x) and `swift-log`.") == [])
        #expect(Rules.unnamed(packages, in: "GRDBSQLite, swift-nio-ssl and (swift-log)") == ["GRDB.swift", "swift-nio"])
    }
}
