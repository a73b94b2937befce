/// A place in a text, from 1; columns are counted in Unicode scalars.
package struct Mark: Sendable, Hashable {
    package let line: Int
    package let column: Int

    static let start = Mark(line: 1, column: 1)
}
