extension ReadyTemplate {
    static let namespace = ReadyTemplate(
        name: "namespace", naming: .project(parameter: "Name"), functions: ["main->greet"], trial: ("request", "main->greet"),
        text: #"""
            # A namespace: what the names of services begin with, as `shop` does in `shop.orders->incoming`.
            #
            # Here:    discovery deploy shop Templates/namespace.yaml --parameter Name=shop
            # On AWS:  aws cloudformation deploy --stack-name shop --template-file Templates/namespace.yaml --parameter-overrides Name=shop
            #
            # Its id is exported as `STACK-namespace-id`, so that other stacks can put services into it with `!ImportValue`.
            AWSTemplateFormatVersion: '2010-09-09'
            Description: A namespace for names of services

            Parameters:
              Name:
                Type: String
                Default: shop
                Description: The first part of every address in it
                AllowedPattern: '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
                ConstraintDescription: small letters, digits and hyphens, at most 63

            Resources:
              Namespace:
                Type: AWS::ServiceDiscovery::HttpNamespace
                Properties:
                  Name: !Ref Name
                  Description: !Sub Made by the stack ${AWS::StackName}

            Outputs:
              NamespaceId:
                Description: The namespace's id
                Value: !Ref Namespace
                Export:
                  Name: !Sub ${AWS::StackName}-namespace-id
              NamespaceName:
                Description: What addresses begin with
                Value: !Ref Name

            """#)
}
