internal import Foundation
internal import Synchronization

/// Notices that this process is a forked child: threads, locks and leases stayed with the parent, so an open home is of no use here.
///
/// `getpid` is a system call on Linux; a counter raised by `pthread_atfork` is one load.
enum ForkGuard {
    private static let forks = Atomic<Int>(0)
    private static let installed: Void = {
        pthread_atfork(nil, nil) { forks.wrappingAdd(1, ordering: .relaxed) }
    }()

    /// The generation of this process: differs between a parent and its forked child.
    static var generation: Int {
        _ = installed
        return forks.load(ordering: .relaxed)
    }
}
