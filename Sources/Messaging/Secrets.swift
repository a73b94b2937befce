internal import Store

/// What is drawn once for a home, when its messages database is made.
struct Secrets: Sendable {
    struct Key: Sendable {
        let first: UInt64
        let second: UInt64
    }

    /// Sets the ids of a home's messages apart from those of others.
    let salt: UInt64
    /// Goes into the tag of receipts.
    let key: Key

    init(_ connection: Connection) throws(StoreError) {
        let bytes = try connection.first("SELECT value FROM settings WHERE name = 'secret'") { $0.bytes(0) } ?? []
        guard bytes.count == 24 else {
            throw StoreError(.damaged, "The messages database has lost its secret. Run `discovery doctor`.")
        }
        func word(_ index: Int) -> UInt64 { bytes[(8 * index)..<(8 * index + 8)].reduce(0) { $0 << 8 | UInt64($1) } }
        salt = word(0)
        key = Key(first: word(1), second: word(2))
    }
}
