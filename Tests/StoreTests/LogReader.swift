import Store

/// While `body` runs a reader needs what the log holds: whether a checkpoint of the quiet comes in between, which starts after two seconds,
/// changes nothing that is seen of the log.
func whileLogIsRead<Value>(_ store: Store, _ body: () async throws -> Value) async throws -> Value {
    let gate = Gate()
    let reader = Task {
        try await store.read { connection in
            let result = Result { try connection.first("SELECT count(*) FROM sqlite_schema") { $0.integer(0) } }
            gate.pass()
            _ = try result.get()
        }
    }
    await gate.reached()
    defer { gate.open() }
    let value = try await body()
    gate.open()
    try await reader.value
    return value
}
