import Foundation
import Store

/// Wants an office of a home: `open`, then `held` when it has it, until it is sent a line; then `given up`.
struct Candidate {
    let home: String
    let office: String

    func run() async {
        do {
            let election = try Home(path: home).election(office)
            Line.write("open")
            try await election.hold {
                Line.write("held")
                _ = Line.read()
            }
            Line.write("given up")
        } catch {
            Line.write("error \(error)")
        }
    }
}
