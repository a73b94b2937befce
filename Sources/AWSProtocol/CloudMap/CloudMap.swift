/// AWS Cloud Map: its operations and shapes by the API's model of 2017-03-14, with Swift's spelling of names.
package enum CloudMap {
    package static let service = AWSService(
        targetPrefix: "Route53AutoNaming_v20170314", signingName: "servicediscovery", version: .v1_1, missingMember: .invalidInput)

    package static let operations: [any AWSOperation.Type] = [
        CreateHTTPNamespace.self, CreatePrivateDNSNamespace.self, CreatePublicDNSNamespace.self, CreateService.self, DeleteNamespace.self,
        DeleteService.self, DeleteServiceAttributes.self, DeregisterInstance.self, DiscoverInstances.self, DiscoverInstancesRevision.self,
        GetInstance.self, GetInstancesHealthStatus.self, GetNamespace.self, GetOperation.self, GetService.self, GetServiceAttributes.self,
        ListInstances.self, ListNamespaces.self, ListOperations.self, ListServices.self, ListTagsForResource.self, RegisterInstance.self,
        TagResource.self, UntagResource.self, UpdateHTTPNamespace.self, UpdateInstanceCustomHealthStatus.self,
        UpdatePrivateDNSNamespace.self, UpdatePublicDNSNamespace.self, UpdateService.self, UpdateServiceAttributes.self,
    ]
}

package protocol CloudMapOperation: AWSOperation {}

extension CloudMapOperation {
    package static var service: AWSService { CloudMap.service }
}
