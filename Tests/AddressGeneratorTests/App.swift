// swift-format-ignore-file
// The addresses of scheduler.template.yaml. Do not change this file, change the template; this made it:
// discovery generate swift scheduler.template.yaml --parameter Stage=dev --enum App

import DiscoveryKit

/// The addresses of `scheduler.template.yaml`.
enum App {
    /// The namespace `ais`.
    enum Ais {
        /// The service `scheduler`.
        enum Scheduler {
            /// `ais.scheduler->get-job`, a function: Who does what, and when.
            static let getJob = Address.Function("ais.scheduler->get-job")
            /// `ais.scheduler->jobs`, a queue: Who does what, and when.
            static let jobs = Address.Queue("ais.scheduler->jobs")
        }
    }
}
