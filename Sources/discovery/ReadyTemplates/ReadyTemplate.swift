/// A template that a project can be started from. Its text is that of the file in `Templates`, which a test compares: an executable that is
/// installed somewhere has no such folder beside it.
struct ReadyTemplate: Sendable {
    /// The file's, without `.yaml`.
    let name: String
    /// What its names begin with, and the parameter that says so.
    let naming: Naming
    /// What an application answers, and handles, under names of the template: `main->greet`.
    var functions: [String] = []
    var queues: [String] = []
    /// A command that has the application do something, and the name it is for.
    let trial: (verb: String, name: String)
    let text: String

    enum Naming {
        /// The project's name, given to this parameter.
        case project(parameter: String)
        /// A namespace that one value of a parameter leads to.
        case fixed(namespace: String, parameter: String, value: String)
    }

    static let all: [ReadyTemplate] = [
        .wholeApp, .namespace, .httpFunction, .queueWithDeadLetterQueue, .fifoQueue, .topicFanout, .scheduler,
    ]

    static let names = all.map(\.name)

    static func named(_ name: String) -> ReadyTemplate? { all.first { $0.name == name } }

    /// The first part of every address.
    func namespace(of project: String) -> String {
        switch naming {
        case .project: project
        case .fixed(let namespace, _, _): namespace
        }
    }

    /// As `--parameter` takes it.
    func parameter(of project: String) -> String {
        switch naming {
        case .project(let parameter): "\(parameter)=\(project)"
        case .fixed(_, let parameter, let value): "\(parameter)=\(value)"
        }
    }
}
