/// How much of a template is taken.
enum SourceLimits {
    /// AWS's own, for a template in a bucket.
    static let bytes = 1 << 20
    static let depth = 100
    /// With what aliases stand for written out.
    static let nodes = 200_000
}
