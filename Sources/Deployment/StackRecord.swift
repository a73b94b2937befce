internal import CloudFormation
internal import Foundation

/// What a home remembers of a stack, step by step: whoever is killed in the midst of a deployment leaves a record by which the next goes on.
package struct StackRecord: Codable, Sendable, Hashable {
    package let name: String
    package internal(set) var status: Status
    /// In the order they were made.
    package internal(set) var resources: [Held] = []
    /// Replaced, or gone from the template: to be removed.
    var leftovers: [Held] = []
    /// What there was when the deployment began that is going on, or was killed: what is there differs from it by what that has done.
    var before: [Held]?
    package internal(set) var outputs: [Output] = []

    package enum Status: String, Codable, Sendable {
        case complete, deploying
        case rollbackFailed = "rollback failed"
        case destroying
    }

    /// A resource of the stack.
    package struct Held: Codable, Sendable, Hashable {
        package enum State: String, Codable, Sendable { case making, complete, changing }

        package let logicalID: String
        package let type: String
        /// Differs from making to making of the same resource. By which what a deployment has made is known that did not live to write it down.
        let token: String
        package internal(set) var state: State
        /// What `Ref` gives. Empty until it is made.
        package internal(set) var physicalID = ""
        /// What `GetAtt` gives.
        package internal(set) var attributes: [String: String] = [:]
        /// As they were deployed, as JSON.
        var properties: String
        /// Those of them that hold what nobody is to be shown.
        var secrets: Set<String> = []
        var isRetained: Bool
        /// It was there before, and stays.
        var isAdopted = false

        /// What `Ref` (`nil`) or an attribute is.
        func value(_ attribute: String?) -> TemplateValue? {
            guard let attribute else { return physicalID.isEmpty ? nil : .text(physicalID) }
            return attributes[attribute].map { .text($0) }
        }
    }

    package struct Output: Codable, Sendable, Hashable {
        package let name: String
        package let value: String
        package let description: String?
        package let exportName: String?
    }

    init(name: String) {
        self.name = name
        status = .deploying
    }

    subscript(logicalID: String) -> Held? {
        get { resources.first { $0.logicalID == logicalID } }
        set {
            guard let index = resources.firstIndex(where: { $0.logicalID == logicalID }) else {
                if let newValue { resources.append(newValue) }
                return
            }
            if let newValue { resources[index] = newValue } else { resources.remove(at: index) }
        }
    }

    // MARK: As text

    init?(_ text: String) {
        guard let record = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return nil }
        self = record
    }

    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts, and structs of such: encoding cannot fail.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
