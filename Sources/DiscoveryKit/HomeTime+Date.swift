package import Foundation
package import Store

extension HomeTime {
    /// By the wall clock, which says `wall` when the home says `now`.
    package func date(now: HomeTime, wall: Date = Date()) -> Date {
        wall.addingTimeInterval(Double(milliseconds - now.milliseconds) / 1_000)
    }
}
