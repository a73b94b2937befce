import Testing

@Suite struct SwiftSourceTests {
    private func code(_ text: String) -> [String] {
        SwiftSource(path: "A.swift", text: text).lines.map(\.code)
    }

    @Test func `comments are not code`() {
        let source = SwiftSource(path: "A.swift", text: "let a = 1 // try! b\n/* try!\n /* nested */ try! */ let c = 2\n")
        #expect(source.lines.map(\.code) == ["let a = 1 ", "", " let c = 2"])
        #expect(source.lines.map(\.comment) == ["// try! b", "/* try!", " /* nested */ try! */"])
    }

    @Test func `strings are not code, what they interpolate is`() {
        #expect(code(#"f("try! \(try! g("x")) // \" ", 1)"#) == [#"f("(try! g(""))", 1)"#])
        #expect(code(##"let a = #"a " \n try! \#(b) "# + c"##) == [##"let a = "(b)" + c"##])
        #expect(code("let a = \"\"\"\n    try! \" // no\n    \"\"\"\nlet b = 1") == [#"let a = ""#, "", #"""#, "let b = 1"])
        #expect(code(##"let a = #/try! "/# ; b"##) == ["let a =  ; b"])
    }

    @Test func `an unfinished string ends with its line`() {
        #expect(code("let a = /\"/\ntry! b") == [#"let a = /""#, "try! b"])
    }

    @Test func `a comment explains its line and the three below`() {
        let source = SwiftSource(path: "A.swift", text: "// why\na\nb\nc\nd\n//\ne")
        #expect((0..<7).map(source.isExplained) == [true, true, true, true, false, false, false])
    }
}
