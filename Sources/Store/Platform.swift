/// What differs between Linux and Darwin, and nothing else. Linux is what is tested.
internal import Foundation

enum Platform {
    /// Nanoseconds since boot, time asleep included. Never falls while the machine is up.
    static func bootClock() -> Int64 {
        var time = timespec()
        #if canImport(Darwin)
            clock_gettime(CLOCK_MONOTONIC, &time)
        #else
            clock_gettime(CLOCK_BOOTTIME, &time)
        #endif
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Nanoseconds since 1970 by the wall clock, which may be stepped.
    static func wallClock() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Waits until what was written to an open file is on the disk, with as much of its length as reading it back needs.
    static func sync(_ descriptor: Int32) -> Bool {
        #if canImport(Darwin)
            fcntl(descriptor, F_FULLFSYNC) == 0 || fsync(descriptor) == 0
        #else
            fdatasync(descriptor) == 0
        #endif
    }

    /// Waits until the names in a folder are on the disk.
    static func syncFolder(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }

    /// A number that differs from boot to boot.
    static func bootIdentity() -> UInt64 {
        #if canImport(Darwin)
            var buffer = [CChar](repeating: 0, count: 64)
            var size = buffer.count
            sysctlbyname("kern.bootsessionuuid", &buffer, &size, nil, 0)
            return StableHash.fnv1a(buffer.prefix(size).map { UInt8(bitPattern: $0) })
        #else
            return StableHash.fnv1a(contents(of: "/proc/sys/kernel/random/boot_id", atMost: 64))
        #endif
    }

    /// The kind of network file system under an open file; `nil` when it lies on a local one.
    ///
    /// Those listed keep neither locks nor mapped pages coherent between machines.
    static func networkFileSystem(_ descriptor: Int32) -> String? {
        #if canImport(Darwin)
            var status = statfs()
            guard fstatfs(descriptor, &status) == 0 else { return nil }
            let name = withUnsafeBytes(of: status.f_fstypename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            return ["nfs", "smbfs", "afpfs", "webdav"].contains(name) ? name : nil
        #else
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { return nil }
            let device = UInt64(status.st_dev)
            // The encoding of dev_t in glibc's and musl's sys/sysmacros.h.
            let major = (device >> 8 & 0xFFF) | (device >> 32 & 0xFFFF_F000)
            let minor = (device & 0xFF) | (device >> 12 & 0xFFFF_FF00)
            let table = contents(of: "/proc/self/mountinfo", atMost: 1 << 18)
            return networkFileSystem(mountinfo: String(decoding: table, as: UTF8.self), device: "\(major):\(minor)")
        #endif
    }

    /// Looks a device up in the table of proc_pid_mountinfo(5): its third field is the device, the kind follows the dash.
    static func networkFileSystem(mountinfo: String, device: String) -> String? {
        for line in mountinfo.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == device, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { continue }
            let kind = String(fields[dash + 1])
            let isNetwork = [
                "nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "ocfs2", "gfs2", "fuse.sshfs", "fuse.glusterfs",
            ]
            .contains { kind.hasPrefix($0) }
            return isNetwork ? kind : nil
        }
        return nil
    }

    /// How a process is called, and whether it is stopped; `nil` when there is none.
    static func process(_ id: Int32) -> (program: String, isStopped: Bool)? {
        #if canImport(Darwin)
            var info = proc_bsdinfo()
            let size = Int32(MemoryLayout<proc_bsdinfo>.size)
            guard proc_pidinfo(id, PROC_PIDTBSDINFO, 0, &info, size) == size else { return nil }
            let name = withUnsafeBytes(of: info.pbi_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            return (name, info.pbi_status == UInt32(SSTOP))
        #else
            let line = String(decoding: contents(of: "/proc/\(id)/stat", atMost: 4096), as: UTF8.self)
            guard let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")") else { return nil }
            let state = line[close...].dropFirst(2).first
            return (String(line[line.index(after: open)..<close]), state == "T" || state == "t")
        #endif
    }

    /// The first bytes of a small file that is not a database; empty when it cannot be read.
    static func contents(of path: String, atMost limit: Int) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        return [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = max(0, read(descriptor, buffer.baseAddress, limit))
        }
    }
}
