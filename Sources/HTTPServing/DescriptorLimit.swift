internal import Foundation

/// How many files and sockets this process may have open.
package enum DescriptorLimit {
    /// Raises the limit so far that as many connections fit, or as far as the system lets.
    ///
    /// For a program of its own to call when it starts: a library must not change the limits of its host.
    /// - Parameter others: Descriptors for all else: databases, logs, outgoing calls.
    /// - Returns: Connections that fit; fewer than asked for should be told to who configured them.
    package static func raise(forConnections count: Int, others: Int = 512) -> Int {
        #if canImport(Darwin)
            let resource = RLIMIT_NOFILE
        #else
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return count }
        let wanted = rlim_t(clamping: max(0, count)) + rlim_t(clamping: max(0, others))
        if limit.rlim_cur < wanted {
            var raised = limit
            raised.rlim_cur = min(wanted, limit.rlim_max)
            if setrlimit(resource, &raised) == 0 { limit = raised }
        }
        return max(0, min(count, Int(clamping: limit.rlim_cur) - others))
    }
}
