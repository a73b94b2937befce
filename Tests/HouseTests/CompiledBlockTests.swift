import Testing

@Suite struct CompiledBlockTests {
    @Test(.enabled(if: Repository.hasReadme, "there is no README.md yet"))
    func `the Swift that the README says is compiled is in the file it names`() async throws {
        let blocks = try CompiledBlock.extract(from: try #require(try Repository.text("README.md")))
        #expect(!blocks.isEmpty)
        let files = Set(try await Repository.files())
        for block in blocks {
            guard files.contains(block.path), block.path.hasPrefix("Tests/"), let source = try Repository.text(block.path) else {
                Issue.record("README.md:\(block.line): \(block.path) is no file of the tests")
                continue
            }
            #expect(block.isFound(in: source), "README.md:\(block.line): \(block.path) does not hold these lines")
        }
    }

    private let markdown = """
        Words.
        <!-- test: compiled in Tests/A.swift -->
        ```swift
        let a = 1

        if a == 1 {
            print(a)
        }
        ```
        ```swift
        not compiled
        ```
        """

    @Test func `a marked block is found with its file, and in it`() throws {
        let blocks = try CompiledBlock.extract(from: markdown)
        #expect(
            blocks == [CompiledBlock(line: 2, path: "Tests/A.swift", code: ["let a = 1", "", "if a == 1 {", "    print(a)", "}"])])
        #expect(try ReadmeBlock.extract(from: markdown) == [])
        let source = "func f() {\n    let a = 1\n    if a == 1 {\n\n        print(a)\n    }\n}\n"
        #expect(blocks[0].isFound(in: source))
        #expect(!blocks[0].isFound(in: source.replacing("= 1\n", with: "= 1 \n")))
        #expect(!blocks[0].isFound(in: "let a = 1\nlet b = 2\nif a == 1 {\nprint(a)\n}"))
        #expect(!blocks[0].isFound(in: "let a = 1"))
    }

    @Test(arguments: [
        "<!-- test: compiled in A.swift -->", "<!-- test: compiled in A.swift -->\n\n```swift\na\n```",
        "<!-- test: compiled in A.swift -->\n```sh\na\n```", "<!-- test: compiled in A.swift -->\n```swift\na",
    ])
    func `a mark without its block is an error`(markdown: String) throws {
        let fault = try #require(throws: ReadmeFault.self) { try CompiledBlock.extract(from: markdown) }
        #expect(fault.line == 1)
    }
}
