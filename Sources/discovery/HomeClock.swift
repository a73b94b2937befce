import DiscoveryKit
import Foundation
import Messaging
import Store

/// The home's time, read as the wall clock's.
struct HomeClock {
    let now: HomeTime
    private let wall = Date()

    init(_ now: HomeTime) { self.now = now }

    func date(of time: HomeTime) -> Date { time.date(now: now, wall: wall) }

    func text(_ state: Messaging.Peeked.State) -> String {
        switch state {
        case .waiting: "waiting"
        case .delayed(let until): "delayed for \(left(until: until))"
        case .held(nil, let until): "again in \(left(until: until))"
        case .held(let holder?, let until): "held by \(holder.process) (pid \(holder.pid)) for \(left(until: until))"
        }
    }

    private func left(until time: HomeTime) -> String { Output.rough(.milliseconds(time.milliseconds - now.milliseconds + 999)) }
}
